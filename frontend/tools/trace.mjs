// Records what a page's main thread does, and reads the figures out of it.

const SCRIPT = new Set([
  'EvaluateScript',
  'FunctionCall',
  'RunMicrotasks',
  'FireAnimationFrame',
  'TimerFire',
  'EventDispatch',
  'WebSocketReceive',
  'MinorGC',
  'MajorGC',
  'V8.GC_MC_BACKGROUND_MARKING',
])
const CATEGORIES = ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'toplevel', 'v8']

/** Traces the page for so long, or while `work` runs. */
export async function frames(page, milliseconds, work) {
  const session = await page.context().newCDPSession(page)
  const events = []
  session.on('Tracing.dataCollected', ({ value }) => {
    for (const event of value) {
      if (event.ph === 'X' || event.ph === 'M') events.push(event)
    }
  })
  // A page that draws nothing has no frames to count: this asks for each.
  await page.evaluate(() => {
    window.__frames = []
    const tick = (now) => {
      window.__frames.push(now)
      window.__tick = requestAnimationFrame(tick)
    }
    window.__tick = requestAnimationFrame(tick)
  })
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: CATEGORIES, excludedCategories: ['*'] },
  })
  const start = performance.now()
  if (work) await work()
  else await new Promise((resolve) => setTimeout(resolve, milliseconds))
  const passed = performance.now() - start
  const done = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve))
  await session.send('Tracing.end')
  await done
  const ticks = await page.evaluate(() => {
    cancelAnimationFrame(window.__tick)
    return window.__frames
  })
  await session.detach()
  return { events, passed, ticks }
}

/** The page's own thread is the one with the most animation frames. */
function mainThread(events) {
  const count = new Map()
  for (const { name, pid, tid } of events) {
    if (name === 'FireAnimationFrame') count.set(`${pid} ${tid}`, (count.get(`${pid} ${tid}`) ?? 0) + 1)
  }
  return [...count].sort((a, b) => b[1] - a[1])[0]?.[0]
}

export function interpret({ events, passed, ticks }) {
  const thread = mainThread(events)
  const own = events.filter(({ ph, pid, tid }) => ph === 'X' && `${pid} ${tid}` === thread).sort((a, b) => a.ts - b.ts)
  const tasks = own.filter(({ name }) => name === 'RunTask' || name === 'ThreadControllerImpl::RunTask')
  const byName = tasks.some(({ name }) => name === 'RunTask') ? 'RunTask' : 'ThreadControllerImpl::RunTask'
  const outer = tasks.filter(({ name }) => name === byName)
  const durations = outer.map(({ dur = 0 }) => dur / 1000)
  // Processor time: what the page itself costs, however many others want the machine.
  const costs = outer.map(({ dur = 0, tdur = dur }) => tdur / 1000)
  // Where script ran, without counting what runs inside of it twice; and the processor time it took.
  const spans = []
  for (const { name, ts, dur = 0, tdur = dur } of own) {
    if (!SCRIPT.has(name)) continue
    const last = spans.at(-1)
    if (!last || ts >= last.end) spans.push({ ts, end: ts + dur, tdur })
  }
  const starts = []
  for (const { name, ts } of own) {
    if (name === 'FireAnimationFrame' && ts - (starts.at(-1) ?? 0) > 2000) starts.push(ts)
  }
  const scripting = []
  let next = 0
  for (let i = 1; i < starts.length; i++) {
    let sum = 0
    for (; next < spans.length && spans[next].ts < starts[i]; next++) sum += spans[next].tdur
    scripting.push(sum / 1000)
  }
  scripting.shift()
  scripting.sort((a, b) => a - b)
  const between = ticks.slice(1).map((now, i) => now - ticks[i])
  return {
    fps: (between.length * 1000) / (ticks.at(-1) - ticks[0]),
    count: between.length,
    slow: between.filter((ms) => ms > 33.4).length,
    long: durations.filter((ms) => ms > 50).length,
    longest: Math.max(0, ...durations),
    longOwn: costs.filter((ms) => ms > 50).length,
    longestOwn: Math.max(0, ...costs),
    p95: scripting[Math.floor(scripting.length * 0.95)] ?? NaN,
    median: scripting[scripting.length >> 1] ?? NaN,
    busy: costs.reduce((sum, ms) => sum + ms, 0) / passed,
  }
}
