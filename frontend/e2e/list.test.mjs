// The list is of the coins that a person chose: what the server says of them, in the dialog, as an empty list, and kept.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { covered, cut } from './fit.mjs'
import { ask, byId, closeDialog, launch, leave, open, picture, until } from './page.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

for (const theme of ['dark', 'light']) {
  test(`coins are chosen by what was traded, in ${theme}`, async () => {
    const page = await open(browser, { theme, width: 1280, height: 800 })
    const rows = () => byId(page, 'token-row').count()
    await until('coins are listed', async () => (await rows()) > 1)

    await byId(page, 'list-filter').click()
    await byId(page, 'filter-trades').fill('1000000')
    await byId(page, 'filter-trades').press('Enter')
    await until('none has so many trades', async () => (await rows()) === 0)
    assert.deepEqual(await findings(page), [])
    await picture(page, `list-filter-${theme}`)
    await page.setViewportSize({ width: 390, height: 844 })
    assert.deepEqual([await covered(page), await cut(page)], [[], []])
    await picture(page, `list-filter-390-${theme}`)
    await page.setViewportSize({ width: 1280, height: 800 })
    await closeDialog(page)
    assert.match(await byId(page, 'tokens-filter-none').textContent(), /from 1.000.000 trades/)
    await picture(page, `list-filter-none-${theme}`)

    // It is kept, and shown at the next start.
    await page.reload()
    await until('the choice is kept', async () => (await byId(page, 'tokens-filter-none').count()) > 0)
    await byId(page, 'list-filter').click()
    await byId(page, 'filter-trades').fill('3')
    await byId(page, 'filter-trades').press('Enter')
    await until('those with three trades are listed', async () => {
      const [listed, known] = [
        await byId(page, 'filter-count').textContent(),
        (await ask('/api/tickers?limit=0&min_trades=3')).total,
      ]
      return listed === `${known} listed` && known > 0
    })
    await byId(page, 'filter-clear').click()
    await closeDialog(page)
    await until('all are listed', async () => (await byId(page, 'list-filter').getAttribute('aria-pressed')) !== 'true')
    assert.deepEqual(page.complaints, [])
    await leave(page)
  })
}
