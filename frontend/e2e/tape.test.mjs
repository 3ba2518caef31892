// The tape by kind, size and account, and back through the store.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { covered, cut } from './fit.mjs'
import { ask, byId, debug, drawn, launch, open, picture, until } from './page.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

for (const theme of ['dark', 'light']) {
  test(`trades are filtered and read further back in ${theme}`, async () => {
    const page = await open(browser, { theme, width: 1440, height: 900 })
    await byId(page, 'token-row').first().click()
    const rows = byId(page, 'trade')
    await rows.first().waitFor()
    const kinds = async () => new Set(await rows.evaluateAll((list) => list.map(({ dataset }) => dataset.kind)))
    await page.keyboard.press('Shift+Y')
    await byId(page, 'filter-kind').selectOption('sells')
    await until('only sales are listed', async () => {
      const seen = [...(await kinds())]
      return seen.length > 0 && seen.every((kind) => ['sell', 'short', 'close long'].includes(kind))
    })

    await byId(page, 'filter-kind').selectOption('liquidations')
    const { mint } = await debug(page)
    const { total } = await ask(`/api/events?mint=${mint}&limit=0`)
    await until('all of the stored history was looked through', async () => {
      const further = byId(page, 'tape-further')
      if ((await further.count()) === 0) return true
      await further.click({ timeout: 5000 }).catch(() => undefined)
      return false
    })
    await until('liquidations of the whole history are listed', async () => {
      const { details } = await (
        await fetch(new URL('/api/details', page.url()), {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ mints: [mint] }),
        })
      )
        .json()
        .then(({ data }) => data)
      await byId(page, 'tape').evaluate((node) => (node.scrollTop = 40)) // all rows are made then
      return (await rows.count()) === details[0].total_force_liquidations
    })
    assert.deepEqual([...(await kinds())], ['liq'])
    assert.ok(total > 250, 'there is more than a first look')

    await byId(page, 'filter-kind').selectOption('all')
    await byId(page, 'filter-size').fill('0.2')
    const { events } = await ask(`/api/events?mint=${mint}&limit=200`)
    const one = events.find(({ event_type: type }) => type === 'BuySell')
    await byId(page, 'filter-size').fill('')
    await byId(page, 'filter-account').fill(one.payer.slice(0, 12))
    await until('one account is left', async () => {
      await rows.first().click()
      const card = byId(page, 'trade-card')
      return (await card.count()) === 1 && (await card.textContent()).includes(one.payer.slice(0, 4))
    })
    // Whoever traded is followed from there, once.
    const follow = page.locator('[data-testid="trade-card"] [data-testid^="follow-"]').first()
    await follow.click()
    await until('the wallet is followed', async () => (await follow.getAttribute('aria-pressed')) === 'true')
    await drawn(page)
    await picture(page, `tape-${theme}-1440`)
    assert.deepEqual(await findings(page), [])
    assert.deepEqual([...(await covered(page)), ...(await cut(page))], [])

    await page.setViewportSize({ width: 390, height: 844 })
    await byId(page, 'panel-side').click()
    await drawn(page)
    await picture(page, `tape-${theme}-390`)
    assert.deepEqual(await findings(page), [])
    await byId(page, 'filter-off').click()
    await until('all are listed again', async () => (await kinds()).size > 2)
    assert.deepEqual(page.complaints, [])
    await page.context().close()
  })
}
