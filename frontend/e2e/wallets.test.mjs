// Wallets and the traders of a coin, beside what the exported events say of them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { covered, cut } from './fit.mjs'
import { ask, base, byId, debug, drawn, launch, open, picture, until } from './page.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const busiest = async () => (await ask('/api/mints?sort_by=volume_desc&limit=1')).mints[0]

/** What each account's trades without margin come to, by the rule of the documents, in whole numbers. */
async function worked(mint) {
  const text = await (await fetch(`${base}/api/export?kind=events&format=jsonl&mint=${mint}`)).text()
  const accounts = new Map()
  let events = 0
  for (const line of text.trim().split('\n')) {
    const event = JSON.parse(line)
    if (event.event_type !== 'Gap') events++
    if (event.event_type !== 'BuySell') continue
    const one = accounts.get(event.payer) ?? { held: 0n, cost: 0n, realised: 0n }
    accounts.set(event.payer, one)
    let [tokens, paid] = [BigInt(event.token_amount), BigInt(event.sol_amount)]
    if (event.is_buy) {
      one.held += tokens
      one.cost += paid
      continue
    }
    if (tokens > one.held) [tokens, paid] = [one.held, (paid * one.held) / tokens]
    if (tokens === 0n) continue
    const cost = (one.cost * tokens) / one.held
    one.held -= tokens
    one.cost -= cost
    one.realised += paid - cost
  }
  return { accounts, events }
}

test('what the API says of traders follows from the exported events', async () => {
  const mint = await busiest()
  let told, known
  await until('both are of the same moment', async () => {
    known = await worked(mint)
    told = await ask(`/api/mints/${mint}/traders?limit=1000`)
    return told.events === known.events
  })
  assert.ok(told.traders.length > 3)
  for (const trader of told.traders) {
    const one = known.accounts.get(trader.user) ?? { held: 0n, cost: 0n, realised: 0n }
    assert.equal(BigInt(trader.held_amount), one.held, trader.user)
    assert.equal(BigInt(trader.cost_amount), one.cost, trader.user)
    const margin = BigInt(trader.margin?.realised_amount ?? 0)
    assert.equal(BigInt(trader.realised_amount) - margin, one.realised, trader.user)
  }
})

for (const theme of ['dark', 'light']) {
  test(`a wallet is followed, drawn and named in ${theme}`, async () => {
    const mint = await busiest()
    const { traders } = await ask(`/api/mints/${mint}/traders?order_by=volume_desc&limit=20`)
    const holder = traders.find((one) => Number(one.held_amount) > 0 && !one.creator) ?? traders[0]
    const page = await open(browser, { theme, width: 1440, height: 900 })
    await page.locator(`[data-testid="token-row"][data-mint="${mint}"]`).click()
    await until('it is shown', async () => (await debug(page)).mint === mint)

    await byId(page, 'side-wallets').click()
    await byId(page, 'wallets-none').waitFor()
    await drawn(page)
    await picture(page, `wallets-none-${theme}-1440`)
    assert.deepEqual(await findings(page), [])

    await byId(page, 'wallet-new').click()
    await byId(page, 'wallet-address').fill('wolf tiger apple seed phrase')
    await byId(page, 'wallet-save').click()
    assert.match(await byId(page, 'wallet-problem').textContent(), /Never enter a key/)
    await picture(page, `wallets-form-${theme}-1440`)
    assert.deepEqual(await findings(page), [])
    await byId(page, 'wallet-address').fill(holder.user)
    await byId(page, 'wallet-label').fill('cold wallet')
    await byId(page, 'wallet-save').click()

    const row = page.locator(`[data-testid="position"][data-mint="${mint}"]`)
    await row.waitFor()
    assert.match(await byId(page, 'wallet').textContent(), /cold wallet/)
    assert.match(await byId(page, 'wallet-realised').first().textContent(), /SOL$/)
    const chart = byId(page, 'chart')
    await until('its trades are marked', async () => Number(await chart.getAttribute('data-own-marks')) > 0)
    if (Number(holder.held_amount) > 0)
      await until('its entry is a line', async () => Number(await chart.getAttribute('data-own-lines')) > 0)
    await drawn(page)
    await picture(page, `wallets-${theme}-1440`)
    assert.deepEqual(await findings(page), [])
    assert.deepEqual([...(await covered(page)), ...(await cut(page))], [])

    await byId(page, 'wallets-traders').click()
    const listed = page.locator(`[data-testid="trader"][data-user="${holder.user}"]`)
    await byId(page, 'traders-volume_desc').click()
    await listed.waitFor()
    assert.match(await listed.textContent(), /cold wallet/)
    await byId(page, 'creator').waitFor()
    await drawn(page)
    await picture(page, `traders-${theme}-1440`)
    assert.deepEqual(await findings(page), [])
    assert.deepEqual([...(await covered(page)), ...(await cut(page))], [])

    await page.setViewportSize({ width: 390, height: 844 })
    await byId(page, 'panel-side').click()
    await drawn(page)
    await picture(page, `traders-${theme}-390`)
    await byId(page, 'wallets-mine').click()
    await row.waitFor()
    await picture(page, `wallets-${theme}-390`)
    assert.deepEqual(await findings(page), [])
    assert.deepEqual([...(await covered(page)), ...(await cut(page))], [])

    await page.reload()
    await byId(page, 'panel-side').waitFor()
    await byId(page, 'panel-side').click()
    await byId(page, 'wallet').waitFor() // it is remembered
    await byId(page, 'wallet-own').click()
    await until('nothing of it is on the chart', async () => Number(await chart.getAttribute('data-own-marks')) === 0)
    await byId(page, 'wallet-remove').click()
    await byId(page, 'wallets-none').waitFor()
    assert.deepEqual(page.complaints, [])
    await page.context().close()
  })
}
