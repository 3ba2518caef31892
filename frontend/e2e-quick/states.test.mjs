// What the window says while there is nothing to show, and that it holds with tokens of every kind: 10,000 of them, one
// with a very long name, without a picture, twelve zeros in its price and a single trade.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { ask, base, byId, launch, leave, PATIENCE, picture, until } from './page.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const API = `${base}/api/`
const data = (body) => ({ json: { success: true, message: '', data: body } })
const NOTHING_TRADED = { tickers: [], total: 0, has_next: false }
const isState = (url) => url.includes('/api/events/status') || url.includes('/api/kline/status')

/** The page over answers of the test's own; `answer` gives undefined for those of the server. */
async function over(answer, theme = 'dark') {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: theme })
  context.setDefaultTimeout(PATIENCE)
  const page = await context.newPage()
  page.complaints = []
  page.on('pageerror', (error) => page.complaints.push(error.message))
  await page.route(`${API}**`, async (route) => {
    const given = isState(route.request().url()) ? undefined : await answer(new URL(route.request().url()), route)
    if (given === undefined) await route.continue()
    else if (given) await route.fulfill(given)
  })
  await page.goto(base)
  return page
}

async function done(page, name) {
  assert.deepEqual(await findings(page), [])
  assert.deepEqual(page.complaints, [])
  await picture(page, name)
  await leave(page)
}

for (const theme of ['dark', 'light']) {
  test(`while the tokens are read nothing is said of trades, in ${theme}`, async () => {
    const page = await over(() => null, theme) // no answer at all
    await byId(page, 'tokens-loading').waitFor()
    await byId(page, 'chart-waiting').waitFor()
    await byId(page, 'tape-idle').waitFor()
    assert.equal(await byId(page, 'tape-empty').count(), 0)
    await done(page, `loading-${theme}`)
  })

  test(`a market without tokens says so, in ${theme}`, async () => {
    const page = await over(
      ({ pathname }) =>
        pathname.endsWith('/mints')
          ? data({ mints: [], total: 0, has_next: false, next_cursor: '' })
          : pathname.endsWith('/tickers')
            ? data(NOTHING_TRADED)
            : undefined,
      theme,
    )
    await byId(page, 'tokens-empty').waitFor()
    await until('the chart says it too', async () => /No token.*yet/.test(await byId(page, 'chart-idle').textContent()))
    await byId(page, 'tape-idle').waitFor()
    await done(page, `empty-${theme}`)
  })

  test(`tokens that cannot be read leave a way out, in ${theme}`, async () => {
    let [broken, asked] = [true, 0]
    const page = await over(() => {
      asked++
      return broken ? { status: 500, json: { success: false, data: null, message: 'the store is closed' } } : undefined
    }, theme)
    await byId(page, 'tokens-error').waitFor()
    assert.match(await byId(page, 'tokens-error').textContent(), /the store is closed/)
    await byId(page, 'chart-idle').waitFor()
    assert.deepEqual(await findings(page), [])
    await picture(page, `error-${theme}`)
    const before = asked
    await byId(page, 'tokens-error').getByRole('button').click()
    await until('it is asked again', () => asked > before)
    await byId(page, 'tokens-error').waitFor()
    broken = false // it is also tried again by itself
    await byId(page, 'token-row').first().waitFor()
    await until('a chart is drawn', () => page.evaluate(() => window.__spinscope.bars > 0))
    await leave(page)
  })
}

const LETTERS = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
/** An address of 32 bytes. */
function address(n) {
  let [value, text] = [(1n << 255n) + BigInt(n) * 7_777_777n, '']
  for (; value > 0n; value /= 58n) text = LETTERS[Number(value % 58n)] + text
  return text
}

test('10,000 tokens scroll, are found and walked through by key', async () => {
  const [template] = (
    await (
      await fetch(`${base}/api/details`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ mints: (await ask('/api/mints?limit=1')).mints }),
      })
    ).json()
  ).data.details
  const all = Array.from({ length: 10_000 }, (_, n) => address(n))
  const known = new Map(all.map((mint, n) => [mint, n]))
  const detail = (mint) => ({
    ...template,
    mint_account: mint,
    name: `Token number ${known.get(mint)}`,
    symbol: `T${known.get(mint)}`,
    uri_data: null,
    create_timestamp: template.create_timestamp - known.get(mint) * 1000,
  })
  const page = await over((url, route) => {
    if (url.pathname.endsWith('/mints')) {
      const from = Number(url.searchParams.get('cursor') ?? 0)
      const limit = Number(url.searchParams.get('limit'))
      const to = Math.min(all.length, from + limit)
      const more = to < all.length
      return data({ mints: all.slice(from, to), total: all.length, has_next: more, next_cursor: more ? `${to}` : '' })
    }
    if (url.pathname.endsWith('/tickers')) return data(NOTHING_TRADED)
    if (!url.pathname.endsWith('/details')) return undefined
    const { mints } = route.request().postDataJSON()
    return data({ details: mints.map(detail), total: mints.length })
  })
  await until('all are there', async () => /10\D000 tokens/.test(await byId(page, 'token-count').textContent()))
  const rows = () => byId(page, 'token-row').count()
  assert.ok((await rows()) < 60, `only those in sight are made: ${await rows()}`)
  await byId(page, 'token-tab-new').click()
  await byId(page, 'token-list').evaluate((list) => (list.scrollTop = list.scrollHeight))
  await until('the last is in sight', async () => /T9999/.test(await byId(page, 'token-list').textContent()))
  assert.ok((await rows()) < 60)
  await page.keyboard.press('/')
  await page.keyboard.type('t7777')
  await until('one is found', async () => (await rows()) === 1)
  await page.keyboard.press('Enter')
  await until('it is shown', async () => (await byId(page, 'symbol').textContent()) === 'T7777')
  await page.keyboard.press('/')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await page.keyboard.press('j')
  await until('the next is shown', async () => (await byId(page, 'symbol').textContent()) === 'T7778')
  await until('its row is in sight', async () => /T7778/.test(await byId(page, 'token-list').textContent()))
  await done(page, 'many-tokens')
})

for (const [width, height] of [
  [1280, 800],
  [960, 600],
]) {
  test(`an odd token fits at ${width}x${height}`, async () => {
    const odd = address(1)
    const name = 'The extraordinarily long name of a token, sixty letters long'
    const page = await over((url) => {
      if (url.pathname.endsWith('/mints')) return data({ mints: [odd], total: 1, has_next: false, next_cursor: '' })
      if (url.pathname.endsWith('/kline')) {
        const time = 1_760_054_400
        const price = { open: 1.2e-13, high: 1.4e-13, low: 1.1e-13, close: 1.234567e-13 }
        const bar = { time, ...price, volume: 3, quote_volume: 4e-13, buy_volume: 3, trades: 1, is_final: true }
        return data({ klines: [{ ...bar, update_count: 1 }], total_count: 1, has_next: false, seq: 1 })
      }
      if (url.pathname.endsWith('/tickers'))
        return data({ tickers: [], total: 0, has_next: false, window: 'h24', chain_time: 1_760_054_460 })
      if (!url.pathname.endsWith('/details')) return undefined
      const figures = { total_trades: 1, price_exact: '0.0000000000001234567', fee_discount_flag: 1, swap_fee: 500 }
      return data({ details: [{ mint_account: odd, name, symbol: 'ANEXTRAORDINARYSYMBOL', ...figures }], total: 1 })
    })
    await page.setViewportSize({ width, height })
    await until('its only bar is drawn', () => page.evaluate(() => window.__spinscope.bars === 1))
    assert.match(await byId(page, 'price').textContent(), /0\.0\(12\)123/)
    assert.match(await byId(page, 'legend-close').textContent(), /0\.0\(12\)123457/)
    await byId(page, 'side-info').click()
    assert.match(await byId(page, 'info-title').textContent(), /sixty letters long\s+ANEXTRAORDINARYSYMBOL/)
    const title = await byId(page, 'symbol').getAttribute('title')
    assert.equal(title.replace(/\n/g, ' '), `ANEXTRAORDINARYSYMBOL, ${name}`)
    assert.doesNotMatch(await page.locator('body').innerText(), /– SOL/, 'no unit without a figure')
    assert.match(await byId(page, 'info').textContent(), /Milestones\s*1 of 3: half the fees/)
    const out = await page.evaluate(() => {
      const clipped = ['h1', '[data-testid="price"]', '[data-testid="info"] h2', '[data-testid="info"] dd']
        .flatMap((selector) => [...document.querySelectorAll(selector)])
        .filter((node) => node.getBoundingClientRect().right > innerWidth)
      const { scrollWidth, clientWidth } = document.querySelector('[data-testid="info"]')
      return [clipped.length, document.documentElement.scrollWidth - innerWidth, scrollWidth - clientWidth]
    })
    assert.deepEqual(out, [0, 0, 0], 'nothing sticks out')
    await done(page, `odd-${width}`)
  })
}
