// What explains something stays where it can be read, and what is told covers nothing that was asked for.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { wideTitles } from './fit.mjs'
import { byId, debug, drawn, launch, leave, open, picture, until } from './page.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const SIGNATURE = '5itr8'.repeat(17) + 'wEt'
const answer = (data) => ({ json: { success: true, message: '', data } })
const apart = (one, other) =>
  one.x + one.width <= other.x ||
  other.x + other.width <= one.x ||
  one.y + one.height <= other.y ||
  other.y + other.height <= one.y

for (const theme of ['dark', 'light']) {
  test(`the tip of a gap keeps a signature inside its box, in ${theme}`, async () => {
    const cause = `the transaction ${SIGNATURE} could not be read`
    const page = await open(browser, {
      theme,
      routes: (page) =>
        page.route('**/api/gaps**', (route) =>
          route.fulfill(answer({ gaps: [{ from_slot: 1, to_slot: 1e12, cause, state: 'open', seq: 1 }], total: 1 })),
        ),
    })
    await until('the gap is known', async () => (await byId(page, 'chart').getAttribute('data-gaps')) === '1')
    const box = await byId(page, 'chart').boundingBox()
    const inside = await until('its tip is there', async () => {
      await page.mouse.move(
        box.x + box.width * (0.4 + Math.random() / 2.5),
        box.y + box.height * (0.5 + Math.random() / 10),
      )
      await drawn(page)
      const [found] = await byId(page, 'tip').evaluateAll((list) =>
        list
          .filter((tip) => tip.textContent.includes('could not be read'))
          .map((tip) => [tip.scrollWidth - tip.clientWidth, tip.getBoundingClientRect().right]),
      )
      return found
    })
    assert.ok(inside[0] <= 0 && inside[1] <= box.x + box.width, JSON.stringify(inside))
    await picture(page, `tip-gap-${theme}`)
    await byId(page, 'show-gaps').click()
    const dialog = byId(page, 'gaps-dialog')
    await dialog.waitFor()
    assert.ok(await dialog.evaluate((node) => node.scrollWidth <= node.clientWidth), 'and so does the list')
    await leave(page)
  })
}

test('no tooltip is wider than a pane', async () => {
  const trouble = `getTransaction ${SIGNATURE} at https://rpc.example/v2/0123456789abcdef: the node has no such transaction`
  const page = await open(browser, {
    routes: async (page) => {
      await page.route('**/api/events/status', async (route) => {
        const { data } = await (await route.fetch()).json()
        await route.fulfill(answer({ ...data, connection_status: 'connected', last_error: trouble }))
      })
      await page.route('**/api/alerts**', (route) => {
        const alert = {
          id: 'a',
          rule: 'r',
          kind: 'liquidation',
          symbol: '',
          value: 1,
          value_exact: '1',
          seq: 1,
          slot: 1,
        }
        const alerts = [{ ...alert, message: 'word '.repeat(60), timestamp: 1, signature: SIGNATURE, late: false }]
        return route.fulfill(
          answer({ rules: [], alerts, total: 1, page: 1, limit: 50, has_next: false, has_prev: false }),
        )
      })
    },
  })
  await byId(page, 'hiccup').waitFor()
  for (const tab of ['trades', 'orders', 'info', 'alerts']) {
    await byId(page, `side-${tab}`).click()
    if (tab === 'trades') await byId(page, 'trade').first().click()
    if (tab === 'alerts') await byId(page, 'alert').waitFor()
    await drawn(page)
    assert.deepEqual(await wideTitles(page), [], tab)
  }
  await page.keyboard.press('Shift+H')
  await byId(page, 'endpoint').first().waitFor()
  assert.deepEqual(await wideTitles(page), [], 'health')
  await leave(page)
})

for (const [width, height] of [
  [1280, 800],
  [390, 844],
]) {
  test(`a message does not cover the card of a trade at ${width}`, async () => {
    const page = await open(browser, { width, height })
    if (width < 900) await byId(page, 'panel-side').click()
    await byId(page, 'trade').first().click()
    await byId(page, 'copy-transaction').click()
    await byId(page, 'toast').waitFor()
    await byId(page, 'copy-account').click()
    await until('there are two', async () => (await byId(page, 'toast').count()) === 2)
    const card = await byId(page, 'trade-card').boundingBox()
    for (const toast of await byId(page, 'toast').all())
      assert.ok(apart(card, await toast.boundingBox()), 'they lie apart')
    await picture(page, `toast-card-${width}`)
    await page.context().close()
  })
}

test('what is told over the charts does not move them, and leaves their figures readable', async () => {
  let down = false
  const page = await open(browser, {
    routes: (page) =>
      page.route('**/api/events/status', async (route) => {
        const { data } = await (await route.fetch()).json()
        const trouble = { connection_status: 'reconnecting', last_error: 'no route to host', failures: 3 }
        await route.fulfill(answer({ ...data, ...(down && trouble) }))
      }),
  })
  for (const key of ['Alt+1', 'Alt+4', 'Alt+3']) {
    await page.keyboard.press(key)
    await until('the charts are drawn', () =>
      byId(page, 'chart').evaluateAll((list) => list.every(({ dataset }) => dataset.phase === 'ready')),
    )
    const canvases = () =>
      page.locator('[data-testid="chart"] canvas').evaluateAll((list) =>
        list.map((canvas) => {
          const { x, y, width, height } = canvas.getBoundingClientRect()
          return [x, y, width, height].join()
        }),
      )
    await drawn(page)
    const before = await canvases()
    down = true
    await byId(page, 'banner').waitFor()
    await drawn(page)
    assert.deepEqual(await canvases(), before, 'the charts stay')
    const banner = await byId(page, 'banner').boundingBox()
    const legends = await byId(page, 'legend').evaluateAll((list) =>
      list.map((legend) => legend.getBoundingClientRect()).map(({ x, y, width, height }) => ({ x, y, width, height })),
    )
    for (const legend of legends) assert.ok(apart(banner, legend), JSON.stringify({ banner, legend }))
    await picture(page, `banner-${key}`)
    down = false
    await byId(page, 'banner').waitFor({ state: 'detached' })
  }
  await leave(page)
})

test('why a candle says corrected is told at the candle, and by key at the badge', async () => {
  const page = await open(browser, {
    routes: (page) =>
      page.route('**/api/kline?**', async (route) => {
        const { data } = await (await route.fetch()).json()
        for (const candle of data.klines) if (candle.is_final) candle.corrected = true
        await route.fulfill(answer(data))
      }),
  })
  const { candles } = await debug(page)
  assert.ok(candles.some(({ corrected }) => corrected))
  const box = await byId(page, 'chart').boundingBox()
  await until('the tip has the reason', async () => {
    for (let y = 0.15; y < 0.75; y += 0.03) {
      await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * y)
      await drawn(page)
      const [text] = await byId(page, 'tip').allTextContents()
      if (/changed this candle after it had closed/.test(text ?? '')) return true
    }
    return false
  })
  await picture(page, 'tip-corrected')
  await page.mouse.move(2, 400)
  for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowLeft')
  const badge = byId(page, 'legend-corrected')
  await badge.waitFor()
  await badge.focus()
  assert.match(await badge.getAttribute('aria-label'), /after it had closed/)
  const shown = await badge.evaluate((node) => getComputedStyle(node, '::after').content)
  assert.match(shown, /after it had closed/)
  await picture(page, 'badge-corrected')
  await leave(page)
})
