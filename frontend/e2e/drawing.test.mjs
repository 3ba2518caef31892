// What a person draws over the candles: each tool by pointer, by key and by touch, moved, taken back, kept with its coin.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { byId, debug, drawn, launch, open, picture, ready, until } from './page.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const calm = (page) => assert.deepEqual(page.complaints, [])

/** What is kept of the shown coin. */
const kept = async (page) => {
  const { mint } = await debug(page)
  return page.evaluate((key) => JSON.parse(localStorage.getItem(key))?.drawings ?? [], `spinscope.drawings.${mint}`)
}
const kinds = async (page) => (await kept(page)).map(({ kind }) => kind).join()
const has = (page, count) => until(`${count} are kept`, async () => (await kept(page)).length === count)

/** A page whose chart can be drawn on; places are parts of the chart. */
async function board(options = {}) {
  const page = await open(browser, { width: 1440, height: 900, ...options })
  await byId(page, 'drawn').first().waitFor({ state: 'attached' })
  // The first coin of the list may change meanwhile: this one stays.
  await page.keyboard.press('5')
  await ready(page)
  await byId(page, 'drawn').first().waitFor({ state: 'attached' })
  const { x, y, width, height } = await byId(page, 'chart').boundingBox()
  const at = (across, down) => [x + width * across, y + height * down]
  const drag = async (from, to, key) => {
    if (key) await page.keyboard.down(key)
    await page.mouse.move(...at(...from))
    await page.mouse.down()
    await page.mouse.move(...at((from[0] + to[0]) / 2, (from[1] + to[1]) / 2))
    await page.mouse.move(...at(...to))
    await page.mouse.up()
    if (key) await page.keyboard.up(key)
  }
  const click = (across, down) => page.mouse.click(...at(across, down))
  return { page, at, drag, click }
}

for (const theme of ['dark', 'light']) {
  test(`each tool draws, in ${theme}`, async () => {
    const { page, drag, click } = await board({ theme })
    await byId(page, 'draw-tools').click()
    await byId(page, 'tools').waitFor()

    await byId(page, 'tool-level').click()
    assert.match(await byId(page, 'draw-hint').textContent(), /Horizontal line: click at its price/)
    await click(0.5, 0.3)
    await has(page, 1)
    assert.equal(await byId(page, 'draw-hint').count(), 0, 'the tool is laid aside')

    await byId(page, 'tool-trend').click()
    await click(0.3, 0.6)
    await click(0.6, 0.4)
    await has(page, 2)
    await byId(page, 'tool-ray').click()
    await drag([0.35, 0.65], [0.5, 0.6])
    await has(page, 3)
    await byId(page, 'tool-fib').click()
    await drag([0.62, 0.55], [0.72, 0.25])
    await has(page, 4)
    await byId(page, 'tool-text').click()
    await click(0.4, 0.35)
    await byId(page, 'draw-words').fill('resistance')
    await page.keyboard.press('Enter')
    await has(page, 5)
    assert.equal(await kinds(page), 'level,trend,ray,fib,text')
    const [, trend] = await kept(page)
    assert.ok(trend.points[1].price > trend.points[0].price && trend.points[1].time > trend.points[0].time)

    await byId(page, 'drawing-card').waitFor()
    await drawn(page)
    await picture(page, `drawing-${theme}-1440`)
    assert.deepEqual(await findings(page), [])

    await page.setViewportSize({ width: 390, height: 844 })
    await drawn(page)
    await picture(page, `drawing-${theme}-390`)
    assert.deepEqual(await findings(page), [])
    calm(page)
    await page.context().close()
  })
}

test('what is drawn stays at its prices and times, through intervals, market caps and a restart, with its coin', async () => {
  const { page, click, drag } = await board()
  await page.keyboard.press('Alt+t')
  await click(0.4, 0.5)
  await click(0.6, 0.3)
  await page.keyboard.press('Alt+h')
  await click(0.5, 0.25)
  await has(page, 2)
  const before = await kept(page)

  // The card writes the price as it is shown.
  const price = async () => Number(await byId(page, 'drawing-price').inputValue())
  const level = before[1].points[0].price
  assert.ok(Math.abs((await price()) / level - 1) < 1e-5)
  await page.keyboard.press('Shift+M')
  await until('it is a market cap', async () => (await price()) / level > 10)
  await page.keyboard.press('Shift+M')

  const { mint } = await debug(page)
  await page.keyboard.press('7')
  await ready(page)
  const count = () => byId(page, 'drawn').first().getAttribute('data-count')
  await until('the other interval has both', async () => (await count()) === '2')
  await byId(page, 'token-row')
    .filter({ hasNot: page.locator(`[data-mint="${mint}"]`) })
    .last()
    .click()
  await until('another coin has none', async () => (await debug(page)).mint !== mint && (await count()) === '0')
  await page.locator(`[data-testid="token-row"][data-mint="${mint}"]`).click()
  await page.reload()
  await ready(page)
  await until('both are there after a restart', async () => (await count()) === '2')
  assert.deepEqual(await kept(page), before)
  assert.equal((await debug(page)).mint, mint)
  // A drag where nothing is scrolls the chart as ever.
  await page.keyboard.press('5')
  await ready(page)
  const oldest = (await debug(page)).candles[0].time
  await drag([0.2, 0.8], [0.75, 0.8])
  await until('older bars were wanted', async () => (await debug(page)).candles[0].time <= oldest)
  assert.deepEqual(await kept(page), before)
  calm(page)
  await page.context().close()
})

test('a drawing is taken by its handle or its body, and what was done is taken back', async () => {
  const { page, click, drag, at } = await board()
  await page.keyboard.press('Alt+t')
  await drag([0.3, 0.6], [0.6, 0.4])
  await has(page, 1)
  const [first] = await kept(page)

  await drag([0.6, 0.4], [0.6, 0.2])
  await until('the end is moved', async () => (await kept(page))[0].points[1].price !== first.points[1].price)
  const [second] = await kept(page)
  assert.deepEqual(second.points[0], first.points[0], 'the other end stays')
  assert.ok(second.points[1].price > first.points[1].price)

  await page.keyboard.press('Control+z')
  await until('it is where it was', async () => (await kept(page))[0].points[1].price === first.points[1].price)
  await page.keyboard.press('Control+Shift+z')
  await until('and moved again', async () => (await kept(page))[0].points[1].price === second.points[1].price)
  await page.keyboard.press('Control+z')

  await drag([0.45, 0.5], [0.45, 0.55])
  await until('the whole is moved', async () => (await kept(page))[0].points[0].price < first.points[0].price)
  const [third] = await kept(page)
  assert.ok(third.points[1].price < first.points[1].price)
  assert.deepEqual(
    third.points.map(({ time }) => time),
    first.points.map(({ time }) => time),
  )

  await page.keyboard.press('Delete')
  await has(page, 0)
  assert.equal(await byId(page, 'drawing-card').count(), 0)
  await page.keyboard.press('Control+z')
  await has(page, 1)
  await click(0.1, 0.9)
  await page.keyboard.press('Shift+N')
  await byId(page, 'drawing-card').waitFor()
  await byId(page, 'drawing-price').first().fill('0.5')
  await page.keyboard.press('Enter')
  await until('a price is written', async () => (await kept(page))[0].points[0].price === 0.5)
  await byId(page, 'drawing-price').first().fill('nothing')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Control+z')
  assert.equal((await kept(page))[0].points[0].price, 0.5, 'a field has an undo of its own')
  await byId(page, 'drawing-remove').click()
  await has(page, 0)

  // Escape gives up what is begun.
  await page.keyboard.press('Alt+r')
  await click(0.4, 0.4)
  await page.keyboard.press('Escape')
  await page.mouse.move(...at(0.7, 0.7))
  await click(0.7, 0.7)
  assert.deepEqual(await kept(page), [])
  calm(page)
  await page.context().close()
})

test('Shift and a drag measure, and so does the tool; nothing of it is kept', async () => {
  const { page, drag, at } = await board()
  const hash = () => page.evaluate(() => document.querySelector('[data-testid="drawn"]').dataset.measured)
  await drag([0.4, 0.6], [0.6, 0.3], 'Shift')
  const text = await until('it is measured', hash)
  assert.match(text, /^\+[\d.]+% · \d+ bars · /)
  const [, bars, time] = text.match(/(\d+) bars · (.+)$/)
  const minutes = [...time.matchAll(/(\d+)([dhm])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * { d: 1440, h: 60, m: 1 }[unit],
    0,
  )
  assert.ok(Number(bars) > 10 && minutes >= Number(bars), text)
  await drawn(page)
  await picture(page, 'drawing-ruler')
  await page.keyboard.press('Escape')
  await until('it is gone', async () => (await hash()) === '')
  await page.keyboard.press('Alt+m')
  await page.mouse.click(...at(0.4, 0.3))
  await page.mouse.click(...at(0.3, 0.5))
  assert.match(await until('it is measured by two clicks', hash), /^−[\d.]+% · /)
  assert.deepEqual(await kept(page), [])
  calm(page)
  await page.context().close()
})

test('a line is drawn by keys alone, and the magnet takes a point to a price of its candle', async () => {
  const { page, at } = await board()
  await page.mouse.move(2, 400)
  await page.keyboard.press('Alt+h')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('Enter')
  await has(page, 1)
  const [{ points }] = await kept(page)
  const bar = (await debug(page)).candles.find(({ time }) => time === points[0].time)
  assert.ok(bar, 'it is at a candle')

  await page.keyboard.press('Delete')
  await has(page, 0)
  for (const down of [0.2, 0.6]) {
    await page.keyboard.press('Alt+h')
    await page.mouse.click(...at(0.5, down))
  }
  await has(page, 2)
  const [upper, lower] = (await kept(page)).map((one) => one.points[0])
  const candle = (await debug(page)).candles.find(({ time }) => time === upper.time)
  const part = (upper.price - candle.high) / (upper.price - lower.price)
  const [x, y] = at(0.5, 0.2 + 0.4 * part)
  await page.keyboard.press('Alt+g')
  await page.keyboard.press('Alt+h')
  await page.mouse.click(x, y - 6)
  await has(page, 3)
  assert.equal((await kept(page))[2].points[0].price, candle.high)
  calm(page)
  await page.context().close()
})

test('a finger draws and moves', async () => {
  const page = await open(browser, { width: 390, height: 844, touch: true })
  await byId(page, 'drawn').first().waitFor({ state: 'attached' })
  await byId(page, 'more').click()
  await byId(page, 'more-draw-tools').click()
  await byId(page, 'tool-level').tap()
  const { x, y, width, height } = await byId(page, 'chart').boundingBox()
  await page.touchscreen.tap(x + width * 0.5, y + height * 0.4)
  await has(page, 1)
  await page.touchscreen.tap(x + width * 0.5, y + height * 0.7)
  await until('it is laid aside', async () => (await byId(page, 'drawing-card').count()) === 0)
  await page.touchscreen.tap(x + width * 0.3, y + height * 0.4 + 8)
  await byId(page, 'drawing-card').waitFor()
  assert.deepEqual(await findings(page), [])
  calm(page)
  await page.context().close()
})

test('an alert lies on a ray: made from its card, moved and deleted with it', async () => {
  const state = { rules: [], alerts: [] }
  const routes = async (page) => {
    await page.route('**/api/alerts**', (route) => {
      const paging = { total: 0, page: 1, limit: 50, has_next: false, has_prev: false }
      return route.fulfill({ json: { success: true, message: '', data: { ...state, ...paging } } })
    })
    await page.exposeFunction('standInSave', (rule) => {
      const saved = { ...rule, id: rule.id || 'made', created_at: 1 }
      state.rules = [saved]
      return saved
    })
    await page.exposeFunction('standInDelete', () => {
      state.rules = []
    })
    await page.addInitScript(() => {
      window.go = { app: { App: { SaveAlert: window.standInSave, DeleteAlert: window.standInDelete } } }
    })
  }
  const { page, drag } = await board({ routes })
  await page.keyboard.press('Alt+r')
  await drag([0.3, 0.3], [0.5, 0.4])
  await has(page, 1)
  await byId(page, 'drawing-alert').click()
  await byId(page, 'alert-save').click()
  await until('the rule lies on the ray', async () => {
    const [{ kind, points } = {}] = await kept(page)
    const [rule] = state.rules
    return (
      kind === 'ray' &&
      /^line_/.test(rule?.kind) &&
      rule.ray &&
      points.every(({ time, price }, place) =>
        place === 0
          ? time === rule.from_time && price === Number(rule.from_price)
          : time === rule.to_time && price === Number(rule.to_price),
      )
    )
  })
  await byId(page, 'alert-rule').filter({ hasText: 'to the line from' }).waitFor()

  const [before] = state.rules
  await drag([0.4, 0.35], [0.4, 0.5])
  await until('the rule goes with it', async () => {
    const [{ points }] = await kept(page)
    const [rule] = state.rules
    return rule.from_price !== before.from_price && Number(rule.to_price) === points[1].price
  })
  await page.keyboard.press('Delete')
  await until('the rule went with it', async () => state.rules.length === 0)
  await byId(page, 'toast').filter({ hasText: 'was deleted with it' }).waitFor()
  calm(page)
  await page.context().close()
})
