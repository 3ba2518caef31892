// Measures the page in Chromium: node tools/bench-ui.mjs FEEDER SERVER [part…]; `make bench-ui` builds both.
//   FEEDER  bench/ui: serves the page and feeds it at a known rate
//   SERVER  the product, for what a person sees after starting it
// Parts: updates, switch, scroll, memory, start; all of them when none is named. TRADES=1000000 sets the length of memory.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { byId, debug, launch, until } from '../e2e/page.mjs'
import { frames, interpret } from './trace.mjs'

const [feeder, server, ...parts] = process.argv.slice(2)
const wants = (part) => parts.length === 0 || parts.includes(part)
const trades = Number(process.env.TRADES ?? 1_000_000)
const PORTION = 10_000
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const round = (value, digits = 1) => Number(value.toFixed(digits))
const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0

function tell(what, value, target = '') {
  const load = loadavg()[0].toFixed(1)
  console.log(`${what.padEnd(58)} ${String(value).padStart(22)}   ${target.padEnd(12)} load ${load}`)
}

const children = new Set()
function run(command, args, env = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...env } })
  children.add(child)
  return child
}
async function end(child) {
  if (child.exitCode === null) {
    child.kill()
    await new Promise((resolve) => child.once('exit', resolve))
  }
  children.delete(child)
}
process.on('exit', () => children.forEach((child) => child.kill()))

const line = (child) => new Promise((resolve) => child.stdout.once('data', (text) => resolve(String(text).trim())))

async function show(browser, base) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: 'dark' })
  const page = await context.newPage()
  await page.goto(base)
  await page.waitForFunction(() => window.__spinscope?.phase === 'ready' && window.__spinscope.link === 'connected')
  return page
}

/** How often an empty page of another browser is drawn meanwhile: what this machine can do at this moment. */
async function beside(work, seconds) {
  const other = await launch()
  const page = await other.newPage()
  const [rate, result] = await Promise.all([
    page.evaluate((ms) => {
      let count = 0
      const start = performance.now()
      return new Promise((resolve) => {
        const tick = () => {
          count++
          const passed = performance.now() - start
          if (passed < ms) requestAnimationFrame(tick)
          else resolve((count * 1000) / passed)
        }
        requestAnimationFrame(tick)
      })
    }, seconds * 1000),
    work(),
  ])
  await other.close()
  return [rate, result]
}

const post = (base, query) => fetch(`${base}/bench/feed?${new URLSearchParams(query)}`, { method: 'POST' })

async function heap(page) {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.enable')
  for (let i = 0; i < 3; i++) await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  const { nodes } = await session.send('Memory.getDOMCounters')
  await session.detach()
  return { mb: usedSize / 2 ** 20, nodes }
}

/** Ten drawings over the shown coin, as another window would have kept them. */
async function draw(page) {
  await page.waitForSelector('[data-testid="drawn"]', { state: 'attached' })
  await page.evaluate(() => {
    const { mint, candles } = window.__spinscope
    const point = (back, part) => {
      const { time, close } = candles.at(-1 - back)
      return { time, price: close * part }
    }
    const drawings = Array.from({ length: 10 }, (_, i) => {
      const kind = ['level', 'trend', 'ray', 'fib'][i % 4]
      return { kind, points: kind === 'level' ? [point(5, 1 + i / 100)] : [point(40 + i, 0.97), point(5 + i, 1.03)] }
    })
    const key = `spinscope.drawings.${mint}`
    localStorage.setItem(key, JSON.stringify({ at: 1, drawings }))
    window.dispatchEvent(new StorageEvent('storage', { key }))
  })
  await page.waitForSelector('[data-testid="drawn"][data-count="10"]', { state: 'attached' })
}

async function updates(browser, base) {
  const SECONDS = 15
  const page = await show(browser, base)
  await draw(page)
  await post(base, { shown: 200, listed: 50 })
  await sleep(3000)
  const before = await debug(page)
  const start = Date.now()
  const [reference, trace] = await beside(() => frames(page, SECONDS * 1000), SECONDS)
  const after = await debug(page)
  const end = Date.now()
  const found = interpret(trace)
  console.log('\n200 updates a second on the shown topic with ten drawings, 50 listed tokens four times a second each')
  tell('candle pushes taken, per second', round(((after.updates - before.updates) * 1000) / (end - start)))
  tell('frames per second', round(found.fps), '≥ 55')
  tell('  an empty page of another browser meanwhile', round(reference))
  tell('  of what that page got', `${round((found.fps / reference) * 100)} %`)
  tell('tasks over 50 ms of processor time', found.longOwn, '0')
  tell('  the longest, ms', round(found.longestOwn))
  tell('tasks over 50 ms on the clock, others running meanwhile', found.long)
  tell('  the longest, ms', round(found.longest))
  tell('scripting per frame, median and p95, ms', `${round(found.median, 2)}  ${round(found.p95, 2)}`, '≤ 6')
  tell('main thread, share of a core', `${round(found.busy * 100)} %`)
  await post(base, { shown: 0 })
  await page.context().close()
}

async function switching(browser, base) {
  const page = await show(browser, base)
  await post(base, { shown: 50, listed: 50 })
  await sleep(1500)
  const times = await page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
    const rows = [...document.querySelectorAll('[data-testid="token-row"]')].slice(1, 15)
    const times = []
    for (const row of [...rows, ...rows]) {
      const start = performance.now()
      row.click()
      await frame()
      while (!(window.__spinscope.mint === row.dataset.mint && window.__spinscope.phase === 'ready')) await frame()
      await frame()
      times.push(performance.now() - start)
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
    return times.sort((a, b) => a - b)
  })
  console.log('\nanother token, from the click to the frame that shows its 500 candles')
  tell('median, ms', round(at(times, 0.5)), '≤ 100')
  tell('p95, ms', round(at(times, 0.95)), '≤ 100')
  await post(base, { shown: 0 })
  await page.context().close()
}

async function scrolling(browser, base) {
  const page = await show(browser, base)
  console.log('\n100,000 bars')
  const start = Date.now()
  const [, reading] = await Promise.all([
    page.evaluate(async () => {
      while (window.__spinscope.bars < 100_000) {
        await window.__spinscope.older()
        await new Promise((resolve) => requestAnimationFrame(resolve))
      }
    }),
    frames(page, 1, () =>
      page.waitForFunction(() => window.__spinscope.bars >= 100_000, undefined, { timeout: 300_000 }),
    ),
  ])
  tell('read by pages, s', round((Date.now() - start) / 1000))
  tell('  the longest task meanwhile, ms', round(interpret(reading).longest))
  await post(base, { shown: 200, listed: 50 })
  await sleep(1000)
  const box = await byId(page, 'chart').boundingBox()
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  const wheel = async () => {
    const end = Date.now() + 10_000
    for (let i = 0; Date.now() < end; i++) {
      await page.mouse.wheel(i % 200 < 150 ? -120 : 120, i % 3 === 0 ? (i % 60 < 30 ? 30 : -30) : 0)
      await sleep(12)
    }
  }
  const [reference, trace] = await beside(() => frames(page, 1, wheel), 10)
  const found = interpret(trace)
  tell('scrolling and zooming through them under 200 updates/s, fps', round(found.fps), '≥ 55')
  tell('  an empty page of another browser meanwhile', round(reference))
  tell('frames over 33 ms', `${found.slow} of ${found.count}`)
  tell('tasks over 50 ms of processor time, and on the clock', `${found.longOwn}  ${found.long}`, '0')
  tell('scripting per frame, p95, ms', round(found.p95, 2))
  await post(base, { shown: 0 })
  await page.context().close()
}

async function memory(browser, base) {
  const page = await show(browser, base)
  await post(base, { shown: 200, listed: 50, trades: 20_000, span: '20m' })
  await until('the page is warm', async () => (await (await fetch(`${base}/bench/feed`)).json()).left === 0, 200_000)
  await sleep(1000)
  const before = await heap(page)
  const start = Date.now()
  // In portions: what the page has not taken yet must not wait so long that its connection is given up.
  const taken = (await debug(page)).updates
  for (let done = 0; done < trades; done += PORTION) {
    await post(base, { shown: 5000, listed: 50, trades: PORTION, span: `${(8 * 3600 * PORTION) / trades}s` })
    await until('the page has taken them', async () => (await debug(page)).updates >= taken + done + PORTION, 600_000)
  }
  const seconds = (Date.now() - start) / 1000
  const after = await heap(page)
  console.log(`\n${trades.toLocaleString('en')} trades of eight simulated hours in ${round(seconds)} s`)
  tell('candle pushes taken', (await debug(page)).updates - taken)
  tell('heap before, MB', round(before.mb, 2))
  tell('heap after, MB', round(after.mb, 2))
  tell('growth', `${round((after.mb / before.mb - 1) * 100)} %`, '≤ 15 %')
  tell('DOM nodes before and after', `${before.nodes} ${after.nodes}`)
  await page.context().close()
}

/** What a person sees: the server's start, and the page opened at once, until a candle moves. */
async function starting(browser) {
  const rounds = []
  for (let i = 0; i < 5; i++) {
    const home = mkdtempSync(join(tmpdir(), 'spinscope-bench-'))
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage()
    const start = Date.now()
    const args = ['serve', '--cluster', 'demo', '--listen', '127.0.0.1:0', '--data-dir', home]
    const child = run(server, args, { HOME: home, XDG_CONFIG_HOME: home })
    let address = ''
    while (!address) {
      try {
        address = readFileSync(join(home, 'server.addr'), 'utf8').trim()
      } catch {
        await sleep(2)
      }
    }
    const listening = Date.now() - start
    await page.goto(`http://${address}/`)
    const drawn = await page
      .waitForFunction(() => window.__spinscope?.phase === 'ready' && window.__spinscope.bars > 0, undefined, {
        polling: 'raf',
      })
      .then(() => Date.now() - start)
    const live = await page
      .waitForFunction(() => window.__spinscope.updates > 0, undefined, { polling: 'raf' })
      .then(() => Date.now() - start)
    rounds.push({ listening, drawn, live })
    await page.context().close()
    await end(child)
    rmSync(home, { recursive: true, force: true })
  }
  const median = (key) => rounds.map((round) => round[key]).sort((a, b) => a - b)[2]
  console.log('\nfrom the start of the process on the demo market, median of 5, ms')
  tell('the port is open', median('listening'))
  tell('the chart shows candles', median('drawn'))
  tell('a candle moves', median('live'), '≤ 1500')
  tell('  all rounds', rounds.map((round) => round.live).join(' '))
}

const child = run(feeder, ['-dist', new URL('../dist', import.meta.url).pathname])
const base = await line(child)
const browser = await launch()
try {
  if (wants('updates')) await updates(browser, base)
  if (wants('switch')) await switching(browser, base)
  if (wants('scroll')) await scrolling(browser, base)
  if (wants('memory')) await memory(browser, base)
  if (wants('start')) await starting(browser)
} finally {
  await browser.close()
  await end(child)
}
