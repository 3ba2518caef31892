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

for (const theme of ['dark', 'light']) {
  test(`the list is sorted by its heads, and keeps what it shows, in ${theme}`, async () => {
    const page = await open(browser, { theme, width: 1440, height: 900 })
    const listed = () =>
      page.locator('[data-testid="token-row"]').evaluateAll((rows) => rows.map((row) => row.dataset.mint))
    const ranked = async (sort) => (await ask(`/api/tickers?limit=500&sort_by=${sort}`)).tickers.map(({ mint }) => mint)
    const head = (column) => byId(page, `list-sort-${column}`)
    const way = (column) => head(column).locator('..').getAttribute('aria-sort')
    await until('coins are listed', async () => (await listed()).length > 1)

    // What stands beside the name is chosen in the dialog, and can be sorted by.
    await byId(page, 'list-filter').click()
    await byId(page, 'row-figure').selectOption('cap')
    await byId(page, 'row-sparks').uncheck()
    await closeDialog(page)
    assert.equal((await byId(page, 'token-cap').count()) > 0, true)

    // By keyboard: the highest first, then the lowest, then as the tab has it.
    for (const [sort, stands] of [
      ['market_cap_desc', 'descending'],
      ['market_cap_asc', 'ascending'],
    ]) {
      await head('cap').focus()
      await page.keyboard.press('Enter')
      await until(`the list stands by ${sort}`, async () => {
        const [rows, all] = [await listed(), await ranked(sort)]
        return rows.length > 1 && rows.every((mint, i) => mint === all[i])
      })
      assert.equal(await way('cap'), stands)
    }
    assert.deepEqual(await findings(page), [])
    await picture(page, `list-sorted-${theme}`)
    await page.reload()
    await until('the order is kept', async () => (await way('cap')) === 'ascending')
    await until('what a row shows is kept', async () => (await byId(page, 'token-cap').count()) > 0)
    await head('cap').click()
    assert.equal(await way('cap'), 'none')

    // The youngest first is the smallest age first.
    await byId(page, 'list-filter').click()
    await byId(page, 'row-figure').selectOption('age')
    await closeDialog(page)
    await head('age').click()
    assert.equal(await way('age'), 'ascending')

    await byId(page, 'list-filter').click()
    await byId(page, 'filter-soldFrom').fill('40')
    await byId(page, 'filter-soldFrom').press('Enter')
    await until('those far on the curve are listed', async () => {
      const { total } = await ask('/api/tickers?limit=0&min_progress=0.4')
      return (await byId(page, 'filter-count').textContent()) === `${total} listed`
    })
    await byId(page, 'filter-clear').click()
    await closeDialog(page)

    await page.setViewportSize({ width: 390, height: 844 })
    await byId(page, 'panel-tokens').click()
    assert.deepEqual([await covered(page), await cut(page)], [[], []])
    await picture(page, `list-sorted-390-${theme}`)
    assert.deepEqual(page.complaints, [])
    await leave(page)
  })
}
