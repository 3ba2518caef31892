// Coins that are followed by their own addresses: pasted, read, shown, refused, removed. On a cluster and a server of the
// test's own; what the desktop shell does, the program's own commands do here.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { covered, cut } from './fit.mjs'
import { byId, closeDialog, debug, drawn, launch, leave, picture, until } from './page.mjs'
import { command, end, program, startCluster, startServerIn } from './program.mjs'
import { FORM, shell } from './shell.mjs'

const WALLET = 'JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG'

let browser
let market
let server
let coins
before(async () => {
  browser = await launch()
  if (!program) return
  market = await startCluster(
    ...['--coins', '4', '--coin-share', '0.95', '--rate', '60', '--slot', '200ms', '--mints', '1', '--history', '10s'],
    ...['--seed', '8', '--fault-slow', '0.3', '--fault-slow-by', '300ms'], // so that there is progress to see
  )
  server = await startServerIn(market, '[watch]\non_demand = 0\n')
  coins = await ledger()
})
after(async () => {
  await browser?.close()
  await end()
})

/** The coins of the cluster, and how many trades of each its ledger has. */
async function ledger() {
  const found = new Map()
  for (let next = ''; ;) {
    const params = [{ after: next, limit: 5000, commitment: 'processed' }]
    const request = { jsonrpc: '2.0', id: 1, method: 'simnet_ledger', params }
    const headers = { 'Content-Type': 'application/json' }
    const response = await fetch(`http://${market.rpc}`, { method: 'POST', headers, body: JSON.stringify(request) })
    const { result } = await response.json()
    for (const { coins = [] } of result.transactions) {
      for (const { mint, kind, quote_mint } of coins ?? []) {
        const coin = found.get(mint) ?? { mint, quote: quote_mint, trades: 0, completed: false }
        if (kind === 'trade') coin.trades++
        if (kind === 'completed') coin.completed = true
        found.set(mint, coin)
      }
    }
    next = result.next
    if (!next) return [...found.values()]
  }
}

/** A page of a server; in the app where the list can be changed. */
async function openPage({ theme = 'dark', width = 1280, height = 800, app = true, at = server } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme })
  const page = await context.newPage()
  page.complaints = []
  page.on('pageerror', (error) => page.complaints.push(error.message))
  if (app) {
    const run = (what) => (text) => {
      const { ok, out, problem } = command('watch', what, '--data-dir', server.data, text)
      if (!ok) throw new Error(problem)
      return out
    }
    await page.exposeFunction('watchCoin', run('add'))
    await page.exposeFunction('unwatchCoin', run('remove'))
    await page.addInitScript(shell, { form: FORM, first: false })
  }
  await page.goto(`http://${at.address}`)
  await byId(page, 'token-search').waitFor({ state: 'attached' })
  return page
}

const skip = program ? false : 'needs the program: SPINSCOPE_SERVER'
const stateOf = (page, mint) =>
  page.locator(`[data-testid="watched-coin"][data-mint="${mint}"]`).getAttribute('data-state')

test('a link is pasted: progress is shown, then the chart', { skip }, async () => {
  const page = await openPage()
  const said = new Set()
  await page.exposeFunction('say', (text) => said.add(text))
  await page.evaluate(() => {
    new MutationObserver(() => {
      const banner = document.querySelector('[data-testid="banner"][data-kind="watch"] .selectable')
      if (banner) window.say(banner.textContent.replace(/\s/g, ' '))
    }).observe(document.body, { subtree: true, childList: true, characterData: true })
  })

  const { mint } = coins.filter(({ completed }) => !completed).sort((a, b) => b.trades - a.trades)[0]
  await byId(page, 'token-search').fill(`https://pump.fun/coin/${mint}?ref=x`)
  await byId(page, 'tokens-pasted').waitFor()
  await picture(page, 'watch-pasted')
  await page.keyboard.press('Enter')
  await page.waitForFunction(
    (mint) => window.__spinscope.mint === mint && window.__spinscope.phase === 'ready' && window.__spinscope.bars > 0,
    mint,
  )
  await until('it is whole', async () => (await byId(page, 'banner').count()) === 0)
  assert.ok(
    [...said].some((text) => /^Reading history: \d+ of \d+ transactions\.$/.test(text)),
    `no progress was shown: ${[...said]}`,
  )
  await until(
    'it is in the list',
    async () => (await page.locator(`[data-testid="token-row"][data-mint="${mint}"]`).count()) === 1,
  )

  // From its first trade on: as many as the ledger has, but for what happened while it was asked.
  await page.keyboard.press('1')
  const traded = async () => (await ledger()).find((coin) => coin.mint === mint).trades
  await until('all its trades are in the candles', async () => {
    const before = await traded()
    await page.evaluate(() => window.__spinscope.older())
    const { candles } = await debug(page)
    const shown = candles.reduce((sum, candle) => sum + candle.trades, 0)
    return shown >= before && shown <= (await traded())
  })
  assert.deepEqual(page.complaints, [])
  await leave(page)
})

for (const theme of ['dark', 'light']) {
  test(`watched coins are listed, refused and removed, in ${theme}`, { skip }, async () => {
    const page = await openPage({ theme })
    const { mint } = coins[theme === 'dark' ? 1 : 2]
    await page.keyboard.press('W')
    await byId(page, 'watched-dialog').waitFor()
    const add = async (text) => {
      await byId(page, 'watch-input').fill(text)
      await byId(page, 'watch-add').click()
    }
    await add('no address at all')
    await byId(page, 'watch-problem').waitFor()
    assert.match(await byId(page, 'watch-problem').textContent(), /copy its mint/)
    await add(mint)
    await until('it is live', async () => (await stateOf(page, mint)) === 'live')
    await add(WALLET)
    await until('it is refused', async () => (await stateOf(page, WALLET)) === 'refused')
    const refused = page.locator(`[data-mint="${WALLET}"] [data-testid="watched-state"]`)
    assert.match(await refused.textContent(), /^Not followed: /)
    for (const [width, height] of [
      [1280, 800],
      [768, 1024],
      [390, 844],
    ]) {
      await page.setViewportSize({ width, height })
      await until('everything has its place', async () => {
        await drawn(page)
        return (await covered(page)).length + (await cut(page)).length === 0
      })
      await picture(page, `watch-list-${width}-${theme}`)
    }
    await page.locator(`[data-mint="${WALLET}"] [data-testid="watch-remove"]`).click()
    await until('it is off the list', async () => (await page.locator(`li[data-mint="${WALLET}"]`).count()) === 0)
    await until('the server has let it go', async () => {
      const { data } = await (await fetch(`http://${server.address}/api/watch`)).json()
      return data.coins.every((coin) => coin.mint !== WALLET)
    })
    await closeDialog(page)
    assert.deepEqual(page.complaints, [])
    await leave(page)
  })
}

test('a coin graduates in sight: the chart, the tape, the badge and the list say so', { skip }, async () => {
  const page = await openPage()
  // The one that is nearest to the end of its curve.
  const { mint } = (await ledger()).filter(({ completed }) => !completed).sort((a, b) => b.trades - a.trades)[0]
  await byId(page, 'token-search').fill(mint)
  const listed = page.locator(`[data-testid="token-row"][data-mint="${mint}"]`)
  await until(
    'the search has an answer',
    async () => (await listed.count()) + (await byId(page, 'tokens-pasted').count()) > 0,
  )
  await page.keyboard.press('Enter')
  await page.waitForFunction((mint) => window.__spinscope.mint === mint && window.__spinscope.bars > 0, mint)
  await until(
    'it trades on its curve',
    async () => (await byId(page, 'program').getAttribute('data-program')) === 'pump',
  )
  assert.equal(await byId(page, 'side-orders').count(), 0, 'a coin of pump has no margin orders')
  await picture(page, 'watch-curve')

  await byId(page, 'side-info').click()
  const shownVenue = byId(page, 'venue')
  await until('the way to graduation is shown', async () => (await byId(page, 'venue-progress').count()) > 0)
  assert.equal(await shownVenue.getAttribute('data-venue'), 'curve')
  assert.deepEqual(await findings(page), [])
  await picture(page, 'watch-curve-info')
  await byId(page, 'side-trades').click()

  await until('its candle is marked', async () => (await byId(page, 'chart').getAttribute('data-graduated')) !== null)
  await until(
    'the badge has changed',
    async () => (await byId(page, 'program').getAttribute('data-program')) === 'pumpswap',
  )
  await until('the tape says it', async () => /graduated/.test(await byId(page, 'tape').textContent()))
  const graduated = Number(await byId(page, 'chart').getAttribute('data-graduated'))
  await page.keyboard.press('1')
  await until('the series goes on in the pool', async () => {
    const { candles } = await debug(page)
    return candles.length > 0 && candles.at(-1).time > graduated
  })
  await drawn(page)
  await picture(page, 'watch-graduated')
  await byId(page, 'side-info').click()
  await until('its market cap is known', async () => (await byId(page, 'market-cap').count()) > 0)
  await until('it trades in a pool', async () => (await shownVenue.getAttribute('data-venue')) === 'pool')
  assert.equal(await byId(page, 'venue-progress').count(), 0, 'what has graduated has no way to go')
  await picture(page, 'watch-info')
  for (const [width, height] of [
    [768, 1024],
    [390, 844],
  ]) {
    await page.setViewportSize({ width, height })
    for (const panel of ['tokens', 'chart']) {
      await byId(page, `panel-${panel}`).click()
      await until('everything has its place', async () => {
        await drawn(page)
        return (await covered(page)).length + (await cut(page)).length === 0
      })
      await picture(page, `watch-graduated-${width}-${panel}`)
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.emulateMedia({ colorScheme: 'light' })
  await drawn(page)
  await picture(page, 'watch-graduated-light')

  // Only the coins of one program, and all again.
  await byId(page, 'list-program').click()
  const programs = () =>
    byId(page, 'token-program').evaluateAll((list) => [...new Set(list.map(({ dataset }) => dataset.program))])
  await until('the list is of one program', async () => (await programs()).length === 1)
  assert.deepEqual(page.complaints, [])
  await leave(page)
})

test('a browser shows the list and says how to add to it', { skip }, async () => {
  const page = await openPage({ app: false })
  const { mint } = coins[3]
  await byId(page, 'token-search').fill(mint)
  await byId(page, 'tokens-pasted').getByRole('button', { name: 'Show this coin' }).click()
  await byId(page, 'chart-unknown').waitFor()
  assert.match(await byId(page, 'chart-unknown').textContent(), new RegExp(`spinscope watch add ${mint}`))
  await page.keyboard.press('W')
  await byId(page, 'watched-list').waitFor()
  assert.equal(await byId(page, 'watch-input').count(), 0)
  assert.equal(await byId(page, 'watch-remove').count(), 0)
  assert.match(await byId(page, 'watch-command').textContent(), /spinscope watch add MINT/)
  await picture(page, 'watch-browser')
  await closeDialog(page)

  command('watch', 'add', '--data-dir', server.data, mint)
  await page.waitForFunction(() => window.__spinscope.phase === 'ready' && window.__spinscope.bars > 0)
  // This one is paid in USDC.
  await until('its quote is told', async () => (await byId(page, 'quote').textContent()) === '/ USDC')
  assert.match(await byId(page, 'tape').locator('..').textContent(), /USDC/)
  await picture(page, 'watch-usdc')
  assert.deepEqual(page.complaints, [])
  await leave(page)
})

test('a server that follows coins on demand shows one to a browser that asks', { skip }, async () => {
  const page = await openPage({ app: false, at: await startServerIn(market) })
  const { mint } = coins[1]
  await byId(page, 'token-search').fill(mint)
  await byId(page, 'tokens-pasted').getByRole('button', { name: 'Show this coin' }).click()
  await page.waitForFunction(
    (mint) => window.__spinscope.mint === mint && window.__spinscope.phase === 'ready' && window.__spinscope.bars > 0,
    mint,
  )
  await until(
    'it is listed',
    async () => (await page.locator(`[data-testid="token-row"][data-mint="${mint}"]`).count()) === 1,
  )
  await page.keyboard.press('W')
  await until('it is live', async () => (await stateOf(page, mint)) === 'live')
  assert.match(await page.locator(`li[data-mint="${mint}"]`).textContent(), /on demand/)
  await picture(page, 'watch-on-demand')
  await closeDialog(page)

  // A wallet is refused: the chart has the reason, once, and no advice that cannot help.
  await page.evaluate(() => {
    window.toasts = []
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes)
        for (const node of addedNodes)
          if (/refused/.test(node.textContent ?? '') && node.parentElement?.closest('[data-testid="toasts"]'))
            window.toasts.push(node.textContent)
    }).observe(document.body, { subtree: true, childList: true })
  })
  await byId(page, 'token-search').fill(WALLET)
  await byId(page, 'tokens-pasted').getByRole('button', { name: 'Show this coin' }).click()
  await byId(page, 'chart-refused').waitFor()
  const reason = await byId(page, 'chart-refused').textContent()
  assert.match(reason, /not the address of a coin/)
  assert.doesNotMatch(reason, /1001|watch add/)
  assert.equal(await byId(page, 'chart-unknown').count(), 0)
  // Asked again, it is refused again.
  await byId(page, 'chart-refused').getByRole('button', { name: 'Ask again' }).click()
  await byId(page, 'chart-refused').waitFor()
  assert.deepEqual(await page.evaluate(() => window.toasts), [])
  assert.equal(await byId(page, 'toast').count(), 0)
  await picture(page, 'watch-refused')
  assert.deepEqual(page.complaints, [])
  await leave(page)
})
