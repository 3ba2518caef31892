import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import {
  allCandles,
  ask,
  base,
  byId,
  closeDialog,
  debug,
  launch,
  open,
  picture,
  pixels,
  ready,
  until,
} from './page.mjs'

const FIELDS = ['time', 'open', 'high', 'low', 'close', 'volume']

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const calm = (page) => assert.deepEqual(page.complaints, [], 'the page complained')

/** Chooses the token that traded last, so that something moves. */
async function chooseActive(page) {
  await byId(page, 'token-tab-active').click()
  const { mints } = await ask('/api/mints?sort_by=last_trade_desc&limit=1')
  await byId(page, 'token-row')
    .and(page.locator(`[data-mint="${mints[0]}"]`))
    .click()
  await until('the active token is shown', async () => (await debug(page)).mint === mints[0])
  await ready(page)
}

test('candles move: numbers in the DOM and pixels on the canvas', async () => {
  const page = await open(browser)
  await chooseActive(page)
  await byId(page, 'interval-s1').click()
  await until('the chart shows seconds', async () => (await debug(page)).interval === 's1')
  await ready(page)
  const first = {
    pixels: await pixels(page),
    debug: await debug(page),
    close: await byId(page, 'legend-close').textContent(),
  }
  assert.ok(first.pixels.up + first.pixels.down > 100, `candles are drawn: ${JSON.stringify(first.pixels)}`)
  await until('pushes come in', async () => (await debug(page)).updates > first.debug.updates)
  await until('the legend follows', async () => {
    const now = await debug(page)
    const shown = Number(await byId(page, 'legend-close').getAttribute('data-value'))
    return now.last.time !== first.debug.last.time && shown === now.last.close
  })
  await until('the canvas is painted anew', async () => (await pixels(page)).hash !== first.pixels.hash)
  calm(page)
  await page.context().close()
})

test('each interval is drawn from the candles the API gives', async () => {
  const page = await open(browser)
  const { mint } = await debug(page)
  const row = page.locator('[data-testid^="interval-"]')
  const intervals = await row.evaluateAll((list) => list.map((node) => node.dataset.testid.slice('interval-'.length)))
  assert.ok(intervals.length >= 10, `${intervals}`)
  for (const interval of intervals) {
    await byId(page, `interval-${interval}`).click()
    await until(`${interval} is shown`, async () => {
      const view = await debug(page)
      return view.interval === interval && view.phase === 'ready'
    })
    assert.equal(await byId(page, `interval-${interval}`).getAttribute('aria-pressed'), 'true')
    const shown = new Map((await debug(page)).candles.map((candle) => [candle.time, candle]))
    const { klines } = await ask(`/api/kline?mint=${mint}&interval=${interval}&limit=50`)
    const closed = klines.filter((candle) => candle.is_final && shown.get(candle.time)?.is_final)
    for (const candle of closed) {
      for (const field of FIELDS) assert.equal(shown.get(candle.time)[field], candle[field], `${interval} ${field}`)
    }
    assert.ok(
      closed.length > 0 || klines.every((candle) => !candle.is_final),
      `${interval} has closed candles in common`,
    )
  }
  await page.keyboard.press('5')
  await until('the key 5 shows a minute', async () => (await debug(page)).interval === 'm1')
  calm(page)
  await page.context().close()
})

test('another token is shown by pointer and by key', async () => {
  const page = await open(browser)
  const rows = byId(page, 'token-row')
  await until('the list has tokens', async () => (await rows.count()) >= 2)
  const other = page.locator('[data-testid="token-row"][aria-selected="false"]').first()
  const [mint, symbol] = [await other.getAttribute('data-mint'), await other.getAttribute('data-symbol')]
  await other.click()
  await until('it is shown', async () => (await debug(page)).mint === mint)
  await ready(page)
  assert.equal(await byId(page, 'symbol').textContent(), symbol)
  await until('the title names it', async () => (await page.title()).includes(symbol))
  assert.equal(await page.locator('[data-testid="token-row"][aria-selected="true"]').getAttribute('data-mint'), mint)
  const before = (await debug(page)).mint
  await page.keyboard.press('ArrowDown')
  const down = await until('down moves on', async () => (await debug(page)).mint !== before)
  assert.ok(down)
  await page.keyboard.press('/')
  await page.keyboard.type('no token has this name')
  await byId(page, 'tokens-none').waitFor()
  calm(page)
  await page.context().close()
})

test('the list has live prices, changes and ages', async () => {
  const page = await open(browser)
  await until(
    'a row has a price',
    async () => Number(await byId(page, 'token-price').first().getAttribute('data-value')) > 0,
  )
  await until('a row has a change', async () => /%/.test(await byId(page, 'token-change').first().textContent()))
  await byId(page, 'token-age').first().waitFor()
  const prices = () => byId(page, 'token-price').evaluateAll((list) => list.map((item) => item.dataset.value).join())
  const before = await prices()
  await until('a price moves', async () => (await prices()) !== before)
  await page.context().close()
})

test('the legend follows the pointer with exact values', async () => {
  const page = await open(browser)
  const box = await byId(page, 'chart').boundingBox()
  await page.mouse.move(box.x + box.width * 0.75, box.y + box.height * 0.5)
  await until('the legend is of the bar under the pointer', async () => {
    const legend = byId(page, 'legend')
    if ((await legend.getAttribute('data-hovered')) !== 'true') return false
    const time = Number(await legend.getAttribute('data-time'))
    const bar = (await debug(page)).candles.find((candle) => candle.time === time)
    if (!bar) return false
    for (const name of ['open', 'high', 'low', 'close']) {
      if (Number(await byId(page, `legend-${name}`).getAttribute('data-value')) !== bar[name]) return false
    }
    return true
  })
  await page.mouse.move(5, 5)
  await until(
    'it returns to the newest bar',
    async () => (await byId(page, 'legend').getAttribute('data-hovered')) === 'false',
  )
  await page.context().close()
})

test('the tape prints trades of the shown token', async () => {
  const page = await open(browser)
  await chooseActive(page)
  await byId(page, 'trade').first().waitFor()
  const { mint } = await debug(page)
  const { events } = await ask(`/api/events?mint=${mint}&limit=5`)
  await until('the newest events stand in the tape', async () => {
    const keys = await byId(page, 'trade').evaluateAll((list) => list.map((item) => item.dataset.key))
    return events.every((event) => keys.some((key) => key.includes(event.signature)))
  })
  await page.context().close()
})

test('the status bar tells cluster, slot and the address, which can be copied', async () => {
  const page = await open(browser)
  const status = await ask('/api/events/status')
  await until('the state is told', async () =>
    ['live', 'behind'].includes(await byId(page, 'status').getAttribute('data-state')),
  )
  const cluster = await byId(page, 'cluster').textContent()
  assert.ok(cluster.startsWith(status.cluster))
  assert.equal(cluster.includes('simulated'), status.cluster === 'demo')
  await until('the slot follows the chain', async () => {
    return Number((await byId(page, 'slot').textContent()).replace(/\D/g, '')) >= status.slot
  })
  assert.equal(await byId(page, 'address').textContent(), new URL(base).host)
  await byId(page, 'copy-address').click()
  await until(
    'it is on the clipboard',
    async () => (await page.evaluate(() => navigator.clipboard.readText())) === base,
  )
  await byId(page, 'toast').first().waitFor()
  calm(page)
  await page.context().close()
})

test('a lost connection is told, and after it nothing is missing', async () => {
  let cut = false
  let attempts = 0
  const sockets = new Set()
  const page = await open(browser, {
    routes: async (page) => {
      await page.route('**/api/**', (route) => (cut ? route.abort() : route.continue()))
      await page.routeWebSocket(/socket\.io/, (socket) => {
        attempts++
        if (cut) return void socket.close()
        socket.connectToServer()
        sockets.add(socket)
      })
    },
  })
  await chooseActive(page)
  await byId(page, 'interval-s1').click()
  await until('the chart shows seconds', async () => (await debug(page)).interval === 's1')
  await ready(page)
  const before = await debug(page)
  cut = true
  for (const socket of sockets) await socket.close()
  await byId(page, 'banner').waitFor()
  assert.equal(await byId(page, 'banner').getAttribute('data-kind'), 'offline')
  assert.equal(await byId(page, 'status').getAttribute('data-state'), 'offline')
  await picture(page, 'offline')
  await until('the market goes on without the page', async () => {
    const { klines } = await ask(`/api/kline?mint=${before.mint}&interval=s1&limit=3`)
    return klines[0].time > before.last.time
  })
  // Pressed while it cannot help: once it can, the page may be back by itself before the button is reached.
  const tried = attempts
  await byId(page, 'retry').click()
  await until('it tries again', () => attempts > tried)
  cut = false
  await until('it is back', async () => (await byId(page, 'status').getAttribute('data-state')) !== 'offline')
  await byId(page, 'banner').waitFor({ state: 'detached' })
  await until('the missed candles are there', async () => {
    const view = await debug(page)
    const shown = new Map(view.candles.map((candle) => [candle.time, candle]))
    const { klines } = await ask(`/api/kline?mint=${view.mint}&interval=s1&from=${before.last.time}&limit=500`)
    const closed = klines.filter((candle) => candle.is_final)
    return closed.length > 0 && closed.every((candle) => shown.get(candle.time)?.close === candle.close)
  })
  await page.context().close()
})

test('the exported CSV holds what /api/kline holds', async () => {
  const page = await open(browser)
  const { mint, interval } = await debug(page)
  await byId(page, 'export').click()
  await byId(page, 'export-open').click()
  await byId(page, 'export-link').waitFor()
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')])
  assert.match(download.suggestedFilename(), new RegExp(`-${interval}\\.csv$`))
  const lines = (await readFile(await download.path(), 'utf8')).trim().split(/\r?\n/)
  const columns = lines[0].split(',')
  const rows = new Map(
    lines.slice(1).map((line) => {
      const row = Object.fromEntries(line.split(',').map((value, place) => [columns[place], value]))
      return [Number(row.time), row]
    }),
  )
  assert.ok(rows.size > 1, 'there are rows')
  // Since the file was written candles may have come.
  const newest = Math.max(...rows.keys())
  const candles = (await allCandles(mint, interval)).filter(({ time }) => time <= newest)
  assert.deepEqual(
    [...rows.keys()].sort((a, b) => a - b),
    candles.map(({ time }) => time),
  )
  for (const candle of candles.filter(({ is_final: final, time }) => final && rows.has(time))) {
    for (const field of FIELDS)
      assert.equal(Number(rows.get(candle.time)[field]), candle[field], `${field} of ${candle.time}`)
  }
  calm(page)
  await page.context().close()
})

/** The token with the most candles of a second, and how many those are. */
async function longest() {
  const { mints } = await ask('/api/mints?limit=100')
  const totals = await Promise.all(
    mints.map(async (mint) => ({ mint, total: (await ask(`/api/kline?mint=${mint}&interval=s1&limit=1`)).total })),
  )
  return totals.sort((a, b) => b.total - a.total)[0]
}

test('scrolling back fetches older candles, to the first, and the way back leads to the newest', async (t) => {
  const { mint, total } = await longest()
  if (total <= 1600) return t.skip(`SKIPPED: the server holds only ${total} candles of a second, nothing to scroll to`)
  const page = await open(browser)
  await byId(page, 'token-search').fill(mint)
  await page.locator(`[data-testid="token-row"][data-mint="${mint}"]`).click()
  await page.keyboard.press('1')
  await until('the chart shows seconds', async () => (await debug(page)).interval === 's1')
  await ready(page)
  await until('the first page is drawn', async () => (await debug(page)).bars >= 500)
  const box = await byId(page, 'chart').boundingBox()
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  /** Time of the bar under the pointer; none when it is beyond the bars. */
  const under = async (share) => {
    await page.mouse.move(box.x + box.width * share, box.y + box.height * (0.5 + Math.random() / 20))
    const legend = byId(page, 'legend')
    return (await legend.getAttribute('data-hovered')) === 'true' ? Number(await legend.getAttribute('data-time')) : NaN
  }
  await until('every candle is read', async () => {
    await page.mouse.wheel(-3000, 0)
    return (await debug(page)).bars >= total
  })
  // However far the wheel goes on: the ends of the series stay in sight.
  for (let i = 0; i < 20; i++) await page.mouse.wheel(-3000, 0)
  await until('the first are in sight', async () => (await under(0.75)) <= (await debug(page)).candles[150].time)
  await until('the first bar is in the middle at most', async () => Number.isNaN(await under(0.25)))
  const { candles } = await debug(page)
  candles.reduce((before, candle) => {
    assert.ok(before.time < candle.time, 'bars stay in order')
    return candle
  })
  await page.keyboard.press('r')
  const newest = async (share) => (await under(share)) > (await debug(page)).candles.at(-150).time
  await until('the newest are in sight again', () => newest(0.7))
  for (let i = 0; i < 20; i++) await page.mouse.wheel(3000, 0)
  await until('and stay there', () => newest(0.25))
  calm(page)
  await page.context().close()
})

test('up to four charts lie in one window, each with its own token and interval, and are remembered', async () => {
  const page = await open(browser)
  const charts = byId(page, 'chart')
  const shown = () =>
    charts.evaluateAll((list) => list.map(({ dataset }) => `${dataset.mint} ${dataset.interval} ${dataset.phase}`))
  const all = async (count) => {
    const list = await shown()
    return list.length === count && list.every((text) => text.endsWith('ready')) && list
  }
  await byId(page, 'layout').click()
  await byId(page, 'layout-columns').click()
  const [first, second] = await until('two charts are shown', () => all(2))
  assert.notEqual(first, second)
  await charts.nth(1).click({ position: { x: 40, y: 120 } })
  assert.equal(await charts.nth(1).getAttribute('data-focused'), 'true')
  await page.keyboard.press('9')
  const other = page.locator('[data-testid="token-row"][aria-selected="false"]').first()
  const mint = await other.getAttribute('data-mint')
  await other.click()
  await until('the focused chart changes', async () => (await shown())[1] === `${mint} h4 ready`)
  assert.equal((await shown())[0], first, 'the other stays')
  await page.keyboard.press('[')
  assert.equal(await charts.nth(0).getAttribute('data-focused'), 'true')
  await page.keyboard.press('Alt+4')
  await until('four charts are shown', () => all(4))
  const width = async () => (await charts.nth(0).boundingBox()).width
  const before = await width()
  await byId(page, 'split-x').focus()
  for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight')
  await until('the left charts are wider', async () => (await width()) > before + 20)
  const box = await charts.nth(0).boundingBox()
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.6)
  const legends = byId(page, 'legend')
  const hovered = () => legends.evaluateAll((list) => list.map(({ dataset }) => dataset.hovered))
  await until('the crosshair stands in charts of the same token', async () => {
    await page.mouse.move(box.x + box.width * (0.6 + Math.random() / 50), box.y + box.height * 0.6)
    const list = await hovered()
    return list[0] === 'true' && list[2] === 'true'
  })
  await page.keyboard.press('z')
  await until('and no longer once that is switched off', async () => {
    const list = await hovered()
    return list[0] === 'true' && list[2] === 'false'
  })
  const kept = await shown()
  await page.reload()
  await ready(page)
  await until('all are back', () => all(4))
  assert.deepEqual(await shown(), kept)
  assert.ok((await width()) > before + 20, 'the split is remembered')
  await charts.nth(2).click({ position: { x: 40, y: 120 } })
  await page.keyboard.press('Alt+1')
  const [left] = await until('one chart is left', () => all(1))
  assert.equal(left, kept[2], 'the focused one')
  await page.keyboard.press('Alt+4')
  assert.deepEqual(await until('four are back', () => all(4)), kept, 'in their order')
  calm(page)
  await page.context().close()
})

test('chart type, volume and scale change the picture', async () => {
  const page = await open(browser)
  const kind = () => page.evaluate(() => JSON.parse(localStorage.getItem('spinscope.prefs')).chart)
  for (const next of ['heikin', 'line', 'area']) {
    await page.keyboard.press('c')
    await until(`${next} is next`, async () => (await kind()) === next)
  }
  assert.equal(await byId(page, 'chart-area').getAttribute('aria-pressed'), 'true')
  await byId(page, 'chart-candles').click()
  await until('candles are back', async () => (await pixels(page)).up + (await pixels(page)).down > 100)
  const withVolume = (await pixels(page)).hash
  await byId(page, 'toggle-volume').click()
  await until('volume is gone', async () => (await pixels(page)).hash !== withVolume)
  await byId(page, 'toggle-log').click()
  assert.equal(await byId(page, 'toggle-log').getAttribute('aria-pressed'), 'true')
  await page.keyboard.press('f')
  calm(page)
  await page.context().close()
})

test('liquidation ranges and happenings are drawn, switched by key and kept by events', async (t) => {
  const page = await open(browser)
  const { mint } = await debug(page)
  const count = async (name) => Number(await byId(page, 'chart').getAttribute(`data-${name}`))
  const orders = async () => {
    const lists = ['up_orders', 'down_orders'].map((type) => ask(`/api/mint_orders?mint=${mint}&type=${type}&limit=1`))
    return (await Promise.all(lists)).reduce((sum, { total }) => sum + total, 0)
  }
  if ((await orders()) === 0) {
    await page.context().close()
    return t.skip('SKIPPED: the shown token has no open orders')
  }
  await until('the ranges are those of the open orders', async () => (await count('bands')) === (await orders()))
  const before = (await pixels(page)).hash
  await page.keyboard.press('b')
  await until('they are gone', async () => (await count('bands')) === 0 && (await pixels(page)).hash !== before)
  await page.keyboard.press('h')
  await until('large trades are marked', async () => (await count('marks')) > 0)
  await page.keyboard.press('h')
  await page.keyboard.press('d')
  await until('no marks are left', async () => (await count('marks')) === 0)
  calm(page)
  await page.context().close()
})

test('indicators are drawn by key, stand in the legend and are remembered', async () => {
  const page = await open(browser)
  const before = (await pixels(page)).hash
  for (const key of ['m', 'n', 'w', 'B']) await page.keyboard.press(key)
  for (const name of ['ma', 'ema', 'vwap', 'bollinger-upper', 'bollinger-lower'])
    await byId(page, `legend-${name}`).waitFor()
  await until('they are painted', async () => (await pixels(page)).hash !== before)
  await until('the average is that of the bars', async () => {
    const { candles } = await debug(page)
    if (candles.length < 20) return true
    const mean = candles.slice(-20).reduce((sum, candle) => sum + candle.close, 0) / 20
    const shown = Number(await byId(page, 'legend-ma').getAttribute('data-value'))
    return Math.abs(shown / mean - 1) < 1e-9
  })
  await page.keyboard.press('o')
  await byId(page, 'layer-maPeriod').fill('5')
  await closeDialog(page)
  await page.reload()
  await ready(page)
  assert.match(await byId(page, 'legend').textContent(), /MA 5 /)
  calm(page)
  await page.context().close()
})

test('the frames of a script are shown as they go over the wire', async () => {
  const page = await open(browser)
  const { mint } = await debug(page)
  await page.keyboard.press('q')
  const frames = async () => (await byId(page, 'frame').allTextContents()).join('\n')
  await until('the subscription is answered', async () => {
    const text = await frames()
    return (
      text.includes(`42/ws/kline,["subscribe_kline",{"symbol":"${mint}"`) &&
      text.includes('42/ws/kline,["history_data"') &&
      text.includes('"subscription_confirmed"')
    )
  })
  await closeDialog(page)
  await page.keyboard.press('x')
  assert.equal(await byId(page, 'snippet-frames').getAttribute('aria-selected'), 'true')
  await byId(page, 'snippet-node').click()
  await byId(page, 'copy-snippet').waitFor()
  calm(page)
  await page.context().close()
})

test('gaps are marked on the chart and listed', async () => {
  const page = await open(browser, {
    routes: (page) =>
      page.route('**/api/gaps**', (route) => {
        const gap = { from_slot: 1, to_slot: 1e12, cause: 'a test', state: 'open', seq: 1 }
        const paging = { success: true, message: '', data: { gaps: [gap], total: 1 } }
        return route.fulfill({ json: paging })
      }),
  })
  await until('the gap is known', async () => (await byId(page, 'chart').getAttribute('data-gaps')) === '1')
  const box = await byId(page, 'chart').boundingBox()
  await until('the pointer finds it', async () => {
    await page.mouse.move(box.x + box.width * 0.7, box.y + box.height * (0.5 + Math.random() / 10))
    return (await byId(page, 'tip').count()) === 1 && /a test/.test(await byId(page, 'tip').textContent())
  })
  await page.keyboard.press('g')
  await until('the mark is gone', async () => (await byId(page, 'chart').getAttribute('data-gaps')) === '0')
  await byId(page, 'show-gaps').click()
  assert.match(await byId(page, 'gap').textContent(), /a test/)
  await closeDialog(page)
  calm(page)
  await page.context().close()
})

test('dialogs open by key, close by Escape, and give the running address', async () => {
  const page = await open(browser)
  await page.keyboard.press('?')
  await byId(page, 'shortcuts-dialog').waitFor()
  await closeDialog(page)
  await page.keyboard.press('x')
  const { mint } = await debug(page)
  const code = await byId(page, 'snippet').textContent()
  assert.ok(code.includes(base) && code.includes(mint), code)
  await closeDialog(page)
  await page.keyboard.press('Control+k')
  await byId(page, 'palette-input').fill('theme: light')
  await page.keyboard.press('Enter')
  await until('the theme is light', () => page.evaluate(() => document.documentElement.dataset.theme === 'light'))
  calm(page)
  await page.context().close()
})

for (const theme of ['dark', 'light']) {
  for (const [width, height] of [
    [1280, 800],
    [1000, 640],
  ]) {
    test(`the window in ${theme} at ${width}x${height}`, async () => {
      const page = await open(browser, { theme, width, height })
      await until('rows have lines', async () => /%/.test(await byId(page, 'token-change').first().textContent()))
      assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), theme)
      const overflow = await page.evaluate(() => {
        const { scrollWidth, clientWidth, scrollHeight, clientHeight } = document.documentElement
        return [scrollWidth - clientWidth, scrollHeight - clientHeight]
      })
      assert.deepEqual(overflow, [0, 0], 'nothing sticks out of the window')
      const found = await pixels(page)
      assert.ok(found.up > 20 && found.down > 20, `both colours are drawn: ${JSON.stringify(found)}`)
      const path = await picture(page, `window-${theme}-${width}x${height}`)
      assert.ok((await stat(path)).size > 20_000)
      calm(page)
      await page.context().close()
    })
  }
}

test('a server with a token asks for it, and takes only the right one', async (t) => {
  if (!process.env.SPINSCOPE_TOKEN) return t.skip('SKIPPED: set SPINSCOPE_TOKEN and start the server with that token')
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(base)
  await byId(page, 'token-input').fill('not the token')
  await byId(page, 'token-submit').click()
  await byId(page, 'token-problem').waitFor()
  await byId(page, 'token-input').fill(process.env.SPINSCOPE_TOKEN)
  await byId(page, 'token-submit').click()
  await ready(page)
  await page.reload()
  await ready(page)
  await context.close()
})
