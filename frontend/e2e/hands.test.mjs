// What a trader's hands do without looking: the crosshair and the scale by key, the palette, the chart's menu, one row of
// the trades and of the orders in full, and the theme, however it changes.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { base, byId, closeDialog, debug, launch, leave, open, until } from './page.mjs'
import { findings } from './axe.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const calm = (page) => assert.deepEqual(page.complaints, [])
const legends = (page) =>
  page
    .locator('[data-testid="legend"]')
    .evaluateAll((list) => list.map(({ dataset }) => ({ time: Number(dataset.time), hovered: dataset.hovered })))

test('the palette takes what is typed at once, also an interval as traders write it', async () => {
  const page = await open(browser)
  await byId(page, 'side-alerts').click() // the focus is elsewhere
  await page.keyboard.press('Control+k')
  await page.keyboard.type('15m')
  await until('one command is left', async () => (await page.locator('#commands [role="option"]').count()) === 1)
  await page.keyboard.press('Enter')
  await until('it is shown', async () => (await debug(page)).interval === 'm15')
  calm(page)
  await page.context().close()
})

test('the palette finds tokens, by symbol, name and address', async () => {
  const page = await open(browser)
  const rows = await byId(page, 'token-row').evaluateAll((list) => list.map(({ dataset }) => ({ ...dataset })))
  const { mint: shown } = await debug(page)
  const other = rows.find(({ mint }) => mint !== shown)
  for (const query of [other.symbol.toLowerCase(), other.mint]) {
    await page.keyboard.press('Control+k')
    await page.keyboard.type(query)
    const first = page.locator('#commands [role="option"]').first()
    await until('the token is first', async () => (await first.textContent()).includes(other.symbol))
    await page.keyboard.press('Enter')
    await until('it is shown', async () => (await debug(page)).mint === other.mint)
    await page.locator(`[data-testid="token-row"][data-mint="${shown}"]`).click()
    await until('and left', async () => (await debug(page)).mint === shown)
  }
  await page.keyboard.press('Control+k')
  await page.keyboard.type('no token and no command')
  await until('it says so', async () => /No command or token/.test(await byId(page, 'palette').textContent()))
  assert.deepEqual(await findings(page), [])
  calm(page)
  await page.context().close()
})

test('in the search Escape leaves, and Enter goes to the result and clears', async () => {
  const page = await open(browser)
  const search = byId(page, 'token-search')
  const focused = () => search.evaluate((field) => field === document.activeElement)
  const all = await byId(page, 'token-row').count()
  const { mint: shown } = await debug(page)
  await page.keyboard.press('/')
  await page.keyboard.type('o')
  await page.keyboard.press('Escape')
  assert.deepEqual([await search.inputValue(), await focused()], ['', false], 'one Escape is enough')
  assert.equal((await debug(page)).mint, shown)

  const other = page.locator('[data-testid="token-row"][aria-selected="false"]').last()
  const [mint, symbol] = [await other.getAttribute('data-mint'), await other.getAttribute('data-symbol')]
  await page.keyboard.press('/')
  await page.keyboard.type(symbol)
  await until('it is found', async () => (await byId(page, 'token-row').first().getAttribute('data-mint')) === mint)
  await page.keyboard.press('Enter')
  await until('it is shown', async () => (await debug(page)).mint === mint)
  assert.deepEqual([await search.inputValue(), await focused()], ['', false])
  await until('all are listed again', async () => (await byId(page, 'token-row').count()) >= all)
  await until('it is in sight', () => page.locator(`[data-testid="token-row"][data-mint="${mint}"]`).isVisible())

  await page.keyboard.press('/')
  await page.keyboard.type('no token has this name')
  await byId(page, 'tokens-none').waitFor()
  await page.keyboard.press('Enter')
  assert.ok(await focused(), 'what matches nothing stays, to be corrected')
  calm(page)
  await page.context().close()
})

test('arrows move the crosshair through all charts, + and − the scale, Home and End lead to the ends', async () => {
  const page = await open(browser)
  await page.keyboard.press('5')
  await page.keyboard.press('Alt+2')
  await until('two charts are drawn', async () => (await legends(page)).length === 2)
  await page.mouse.move(2, 400)
  const length = 60
  await page.keyboard.press('ArrowLeft')
  await until('both have a crosshair', async () => (await legends(page)).every(({ hovered }) => hovered === 'true'))
  const [{ time: first }] = await legends(page)
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('ArrowLeft')
  await until('two bars before', async () => {
    const [{ time }] = await legends(page)
    return time <= first - 2 * length
  })
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  await until('and there again', async () => (await legends(page))[0].time === first)
  await page.keyboard.press('Escape')
  await until('no crosshair', async () => (await legends(page)).every(({ hovered }) => hovered === 'false'))

  const { barSpacing: normal } = await debug(page)
  const spacingIs = (wanted) => async () => Math.abs((await debug(page)).barSpacing - wanted) < 0.01
  await page.keyboard.press('+')
  await until('the bars are wider', spacingIs(normal * 1.25))
  for (let i = 0; i < 2; i++) await page.keyboard.press('+')
  await until('each press counts', spacingIs(normal * 1.25 ** 3))
  for (let i = 0; i < 3; i++) await page.keyboard.press('-')
  await until('and as wide as before', spacingIs(normal))

  const [{ time: oldest }] = (await debug(page)).candles
  await page.keyboard.press('Home')
  await until('the crosshair is on the oldest bar', async () => {
    // More may come: before the key, and once it is there; the crosshair does not follow those.
    const [{ time, hovered }] = await legends(page)
    return hovered === 'true' && time <= oldest
  })
  await page.keyboard.press('End')
  await page.keyboard.press('Escape')
  calm(page)
  await page.context().close()
})

test('arrows stay with a control that has the focus', async () => {
  const page = await open(browser)
  await byId(page, 'side-trades').click()
  await page.mouse.move(2, 400)
  await page.keyboard.press('ArrowRight')
  await until('the next tab', async () => (await byId(page, 'side-orders').getAttribute('aria-selected')) === 'true')
  assert.equal((await legends(page))[0].hovered, 'false')
  calm(page)
  await page.context().close()
})

test('the chart has a menu, by pointer and keys', async () => {
  const page = await open(browser)
  const box = await byId(page, 'chart').boundingBox()
  const menu = byId(page, 'context-menu')
  const ask = async (x, y) => {
    await page.mouse.click(box.x + box.width * x, box.y + box.height * y, { button: 'right' })
    await menu.waitFor()
  }
  await ask(0.5, 0.4)
  assert.match(await byId(page, 'menu-alert').textContent(), /New alert at 0\.0/)
  const serious = await findings(page)
  assert.deepEqual(serious, [])
  await page.keyboard.press('Escape')
  await menu.waitFor({ state: 'detached' })
  await ask(0.9, 0.9) // the corner: all of it stays in the window
  const { x, y, width, height } = await menu.boundingBox()
  assert.ok(x >= 0 && y >= 0 && x + width <= 1280 && y + height <= 800, JSON.stringify({ x, y, width, height }))
  const at = () => page.evaluate(() => document.activeElement?.dataset.testid)
  for (let i = 0; i < 20 && (await at()) !== 'menu-log'; i++) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await menu.waitFor({ state: 'detached' })
  await until('the scale is logarithmic', () =>
    page.evaluate(() => JSON.parse(localStorage.getItem('spinscope.prefs')).log === true),
  )
  await ask(0.5, 0.4)
  await byId(page, 'menu-price').click()
  const price = Number(await page.evaluate(() => navigator.clipboard.readText()))
  assert.ok(price > 0 && price < 1, `a price is copied: ${price}`)
  calm(page)
  await page.context().close()
})

/** Pretends that the server reads another cluster, whose transactions an explorer knows. */
const real = (cluster) => (page) =>
  page.route('**/api/events/status', async (route) => {
    const answer = await (await route.fetch()).json()
    answer.data.cluster = cluster
    await route.fulfill({ json: answer })
  })

test('a trade and an order are told in full, with the explorer where there is one', async () => {
  const page = await open(browser, { routes: real('devnet') })
  assert.match(await byId(page, 'endpoint').textContent(), /via 127\.0\.0\.1:\d+/)
  await page.evaluate(() => {
    window.opened = []
    window.open = (url) => void window.opened.push(url)
  })
  await byId(page, 'trade').first().waitFor()
  await byId(page, 'tape').focus()
  await page.keyboard.press('Enter')
  const card = byId(page, 'trade-card')
  await card.waitFor()
  const { mint } = await debug(page)
  for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowDown')
  assert.equal((await debug(page)).mint, mint, 'the token stays')
  await until('a row stands out', async () => (await page.locator('.trade.chosen').count()) === 1)
  const [signature] = (await page.locator('.trade.chosen').getAttribute('data-key')).split(':')
  const whole = await card.locator('[title]').evaluateAll((list) => list.map(({ title }) => title.replace(/\n/g, '')))
  await byId(page, 'explore-transaction').click()
  await byId(page, 'explore-account').click()
  const [transaction, account] = await page.evaluate(() => window.opened)
  assert.equal(transaction, `https://explorer.solana.com/tx/${signature}?cluster=devnet`)
  assert.ok(whole.includes(account.match(/address\/(\w+)\?/)[1]), account)
  await byId(page, 'copy-transaction').click()
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), signature)
  await byId(page, 'trade-card-close').click()
  await card.waitFor({ state: 'detached' })

  const { mints } = await (await fetch(`${base}/api/mints?sort_by=volume_desc&limit=1`)).json().then(({ data }) => data)
  await page.locator(`[data-testid="token-row"][data-mint="${mints[0]}"]`).click()
  await byId(page, 'side-orders').click()
  await byId(page, 'order').first().click()
  await byId(page, 'order-card').waitFor()
  assert.match(await byId(page, 'order-card').textContent(), /Margin/)
  assert.deepEqual(await findings(page), [])
  calm(page)
  await leave(page)
})

test('of a simulated trade no explorer is asked', async () => {
  const page = await open(browser)
  await byId(page, 'trade').first().click()
  await byId(page, 'trade-card').waitFor()
  assert.match(await byId(page, 'trade-card').textContent(), /Simulated/)
  assert.equal(await byId(page, 'explore-transaction').count(), 0)
  calm(page)
  await page.context().close()
})

test('the theme is followed by page and canvas, however it changes', async () => {
  const page = await open(browser, { theme: 'dark' })
  const shown = () =>
    page.evaluate(() => {
      const canvas = document.querySelector('[data-testid="chart"] canvas')
      const [red] = canvas.getContext('2d').getImageData(canvas.width - 40, 3, 1, 1).data
      return [document.documentElement.dataset.theme, red > 128 ? 'light' : 'dark'].join()
    })
  const becomes = (theme) => until(`all is ${theme}`, async () => (await shown()) === `${theme},${theme}`)
  await becomes('dark')
  await page.emulateMedia({ colorScheme: 'light' }) // the system, while the page runs
  await becomes('light')
  await page.emulateMedia({ colorScheme: 'dark' })
  await becomes('dark')
  await page.keyboard.press('Control+k')
  await page.keyboard.type('theme: light')
  await page.keyboard.press('Enter')
  await becomes('light')
  await page.keyboard.press('Control+,')
  await byId(page, 'set-theme-dark').click()
  await closeDialog(page)
  await becomes('dark')
  await page.keyboard.press('t') // the next: light
  await becomes('light')
  await page.keyboard.press('t') // as the system, which is dark
  await becomes('dark')
  calm(page)
  await page.context().close()
})

test('what rises and falls is blue and orange too: page, canvas, help, and after a reload', async () => {
  const page = await open(browser, { theme: 'dark' })
  const COLORS = { blue: [79, 179, 238], green: [53, 185, 136] }
  const painted = ([red, green, blue]) =>
    page.evaluate(
      (color) =>
        [...document.querySelectorAll('[data-testid="chart"] canvas')].some((canvas) => {
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
          for (let i = 0; i < data.length; i += 4)
            if (color.every((part, j) => Math.abs(part - data[i + j]) < 3)) return true
          return false
        }),
      [red, green, blue],
    )
  const shown = async () => [await painted(COLORS.green), await painted(COLORS.blue)].join()
  const up = () => page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--up').trim())
  await until('candles are green', async () => (await shown()) === 'true,false')
  const green = await up()

  await page.keyboard.press('Control+k')
  await page.keyboard.type('deuteranopia')
  await page.keyboard.press('Enter')
  await until('candles are blue', async () => (await shown()) === 'false,true')
  assert.notEqual(await up(), green)

  await page.keyboard.press('F1')
  await byId(page, 'help-search').fill('blue candle')
  assert.match(await byId(page, 'help-entry').first().textContent(), /blue when it closed higher/)
  await byId(page, 'help-search').fill('') // a search that is full takes Escape for itself
  await closeDialog(page)

  await page.reload()
  await until('candles are still blue', async () => (await shown()) === 'false,true')
  await page.keyboard.press('Control+,')
  await page.locator('[data-testid="set-colours-blue-orange"][aria-pressed="true"]').waitFor()
  await byId(page, 'set-colours-green-red').click()
  await closeDialog(page)
  await until('candles are green again', async () => (await shown()) === 'true,false')
  calm(page)
  await page.context().close()
})

test('the connect panel has the address, and leads to the documentation', async () => {
  const page = await open(browser)
  await page.keyboard.press('x')
  await byId(page, 'copy-connect').click()
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), base)
  assert.match(await byId(page, 'connect-token').textContent(), /none needed/)
  const [docs] = await Promise.all([page.context().waitForEvent('page'), byId(page, 'open-docs').click()])
  await docs.locator('summary').first().waitFor()
  assert.equal(new URL(docs.url()).pathname, '/docs/')
  calm(page)
  await page.context().close()
})

test('a server with a token: a script gets it by a button, the documentation by itself', async (t) => {
  const token = process.env.SPINSCOPE_TOKEN
  if (!token) return t.skip('SKIPPED: set SPINSCOPE_TOKEN and start the server with that token')
  const page = await open(browser)
  await page.keyboard.press('x')
  assert.ok(!(await byId(page, 'connect-dialog').textContent()).includes(token), 'it is nowhere to be read')
  await byId(page, 'copy-token').click()
  await until('it is copied', async () => (await page.evaluate(() => navigator.clipboard.readText())) === token)
  const [docs] = await Promise.all([page.context().waitForEvent('page'), byId(page, 'open-docs').click()])
  await docs.locator('summary').first().waitFor()
  assert.equal(await docs.locator('#unlock').isVisible(), false)
  calm(page)

  // Whoever comes from elsewhere is asked, and told when it is the wrong one.
  const stranger = await (await browser.newContext()).newPage()
  await stranger.goto(`${base}/docs`)
  await stranger.locator('#token').fill('not the token')
  await stranger.locator('#unlock button').click()
  await stranger.locator('#refused').waitFor()
  await stranger.locator('#token').fill(token)
  await stranger.locator('#unlock button').click()
  await stranger.locator('summary').first().waitFor()
  await stranger.context().close()
  await page.context().close()
})
