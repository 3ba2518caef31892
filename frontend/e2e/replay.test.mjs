// The replay: a coin as it was, at each moment as the stored candles and events say.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { ask, byId, debug, launch, open, picture, ready, until } from './page.mjs'
import { end, program, startCluster, startServer } from './program.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await end()
})

const dialog = (page) => byId(page, 'replay')
const inside = (page, id) => dialog(page).locator(`[data-testid="${id}"]`)

/** Waits until the replay stands still and nothing is being read. */
async function still(page) {
  await until('the replay has read', async () => (await dialog(page).getAttribute('data-reading')) === 'false')
}

async function jump(page, time) {
  await byId(page, 'replay-time').fill(String(time))
  await byId(page, 'replay-jump').click()
  await until('it is there', async () => (await dialog(page).getAttribute('data-clock')) === String(time))
  await still(page)
}

/** The newest candle that is shown, as the legend says it. */
function shown(page) {
  return inside(page, 'legend').evaluate((legend) => {
    const figure = (name) => Number(legend.querySelector(`[data-testid="legend-${name}"]`)?.dataset.value)
    const names = ['open', 'high', 'low', 'close', 'volume', 'trades']
    return { time: Number(legend.dataset.time), ...Object.fromEntries(names.map((name) => [name, figure(name)])) }
  })
}

const same = ({ time, open, high, low, close, volume, trades }) => ({ time, open, high, low, close, volume, trades })

async function events(mint, asked) {
  const list = []
  for (let page = 1; ; page++) {
    const answer = await asked(`/api/events?mint=${mint}&limit=1000&page=${page}&order_by=slot_asc`)
    list.push(...answer.events)
    if (!answer.has_next) return list
  }
}

test('each candle that is replayed to its end is the stored one, and no moment shows a later one', async () => {
  const page = await open(browser)
  await exact(page)
  assert.deepEqual(page.complaints, [])
  await page.context().close()
})

test('so it is with coins of pump', { skip: !program && 'SPINSCOPE_SERVER is not set' }, async () => {
  const cluster = await startCluster(
    ...['--coins', '3', '--coin-share', '0.9', '--rate', '40', '--slot', '200ms', '--mints', '1', '--history', '5s'],
  )
  const address = await startServer(cluster, '[programs]\npump = "all"\npumpswap = "all"\n')
  const at = `http://${address}`
  const asked = async (path) => (await (await fetch(at + path)).json()).data
  const mint = await until('a coin trades', async () => {
    const { tickers } = await asked('/api/tickers?limit=100&program=pump')
    return tickers[0]?.mint
  })
  const stored = () => asked(`/api/kline?mint=${mint}&interval=s5&limit=1`)
  await until('candles are stored', async () => (await stored()).total > 14)

  const page = await open(browser, { at })
  await byId(page, 'token-search').fill(mint)
  await byId(page, 'token-row').first().click()
  await page.keyboard.press('2')
  await until('it is shown', async () => {
    const shown = await debug(page)
    return shown.mint === mint && shown.interval === 's5'
  })
  await ready(page)
  await exact(page, asked)
  assert.deepEqual(page.complaints, [])
  await page.context().close()
})

/** Goes through some candles of the shown coin, and leaves. */
async function exact(page, asked = ask) {
  const { mint, interval } = await debug(page)
  await page.keyboard.press('Shift+P')
  await dialog(page).waitFor()
  await still(page)
  assert.match(await byId(page, 'replay-moment').textContent(), /not live/)

  const newest = await asked(`/api/kline?mint=${mint}&interval=${interval}&limit=40`)
  const candles = newest.klines.reverse().filter((candle) => candle.is_final)
  assert.ok(candles.length > 12, `only ${candles.length} candles are stored`)
  const from = candles.at(-9)
  const moment = from.time + (interval === 's5' ? 3 : 36)
  await jump(page, moment)

  // In the middle of a candle: its trades until then, and no others.
  const before = (await events(mint, asked)).filter(({ timestamp, price_exact }) => {
    const time = Date.parse(timestamp) / 1000
    return price_exact && time >= from.time && time <= moment
  })
  const first = await shown(page)
  if (before.length > 0) {
    assert.deepEqual(
      [first.time, first.trades, first.close],
      [from.time, before.length, Number(before.at(-1).price_exact)],
    )
  } else assert.equal(first.time, candles.at(-10).time)

  for (const candle of candles.slice(-9, -2)) {
    await byId(page, 'replay-candle').click()
    await still(page)
    await until('the candle is whole', async () => (await shown(page)).time === candle.time)
    await until(
      'it is as stored',
      async () => JSON.stringify(await shown(page)) === JSON.stringify(same(candle)),
      10_000,
    ).catch(async () => assert.deepEqual(await shown(page), same(candle)))
    const top = await inside(page, 'trade').first().getAttribute('data-key')
    const [signature] = top.split(':')
    const all = await events(mint, asked)
    const at = Date.parse(all.find((event) => event.signature === signature).timestamp) / 1000
    assert.ok(at >= candle.time && at < Number(await dialog(page).getAttribute('data-clock')), 'the tape follows')
  }

  // One trade more is one trade more.
  const clock = Number(await dialog(page).getAttribute('data-clock'))
  const keys = () => inside(page, 'trade').evaluateAll((rows) => rows.map((row) => row.dataset.key))
  const [top] = await keys()
  await page.keyboard.press('ArrowRight')
  await still(page)
  await until('there is one trade more', async () => (await keys())[1] === top)
  assert.ok(Number(await dialog(page).getAttribute('data-clock')) >= clock)

  await page.keyboard.press('Escape')
  await dialog(page).waitFor({ state: 'detached' })
}

test('it plays, pauses, ends where nothing more is stored, and leaves to the live market', async () => {
  const page = await open(browser)
  const { mint } = await debug(page)
  await page.keyboard.press('Shift+P')
  await still(page)
  await page.keyboard.press('Space')
  const start = Number(await dialog(page).getAttribute('data-clock'))
  await byId(page, 'replay-speed').selectOption('1000')
  await until('it has played', async () => Number(await dialog(page).getAttribute('data-clock')) > start + 60)
  await byId(page, 'replay-play').click()
  assert.equal(await byId(page, 'replay-play').textContent(), 'Play')

  const { events: newest } = await ask(`/api/events?mint=${mint}&limit=1`)
  await jump(page, Math.floor(Date.parse(newest[0].timestamp) / 1000) + 3600)
  assert.match(await byId(page, 'replay-told').textContent(), /Nothing is stored of .+ after this/)
  await jump(page, 1_000_000_000)
  assert.match(await byId(page, 'replay-told').textContent(), /The next stored trade is of 20/)
  await byId(page, 'replay-time').fill('yesterday')
  await byId(page, 'replay-jump').click()
  assert.match(await byId(page, 'replay-told').textContent(), /write a day as/)

  await page.keyboard.press('Escape')
  await dialog(page).waitFor({ state: 'detached' })
  const live = await ask(`/api/events?mint=${mint}&limit=1`)
  await until('the live tape has what came meanwhile', async () => {
    const keys = await byId(page, 'trade').evaluateAll((rows) => rows.map((row) => row.dataset.key))
    return keys.includes(`${live.events[0].signature}:${live.events[0].ordinal}`)
  })
  assert.deepEqual(page.complaints, [])
  await page.context().close()
})

for (const theme of ['dark', 'light']) {
  for (const width of [1440, 390]) {
    test(`at ${width} px it can be read by everybody, in the ${theme} theme`, async () => {
      const page = await open(browser, { theme, width, height: width > 400 ? 900 : 844 })
      await page.keyboard.press('Shift+P')
      await still(page)
      await page.keyboard.press('Shift+ArrowRight')
      await still(page)
      await until('trades are told', async () => (await inside(page, 'trade').count()) > 0)
      await picture(page, `replay-${theme}-${width}`)
      assert.deepEqual(await findings(page), [])
      const wide = await page.evaluate(() => document.querySelector('[data-testid="replay"]').scrollWidth)
      assert.ok(wide <= width, `it is ${wide} px wide`)
      await page.context().close()
    })
  }
}
