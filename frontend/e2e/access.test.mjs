// Accessibility: axe finds nothing serious, in both themes and in every view.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { byId, closeDialog, launch, open, until } from './page.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

for (const theme of ['dark', 'light']) {
  test(`nothing serious in ${theme}`, async () => {
    const page = await open(browser, { theme })
    await byId(page, 'trade').first().waitFor()
    await until('rows have figures', async () => /%/.test(await byId(page, 'token-change').first().textContent()))
    const views = [
      ['trades', () => byId(page, 'side-trades').click()],
      ['orders', () => byId(page, 'side-orders').click()],
      ['info', () => byId(page, 'side-info').click()],
      ['export menu', () => byId(page, 'export').click()],
      ['export', () => byId(page, 'export-open').click()],
      ['shortcuts', () => closeDialog(page).then(() => page.keyboard.press('?'))],
      ['help', () => closeDialog(page).then(() => page.keyboard.press('F1'))],
      ['connect', () => closeDialog(page).then(() => page.keyboard.press('x'))],
      ['frames', () => closeDialog(page).then(() => page.keyboard.press('q'))],
      ['layers', () => closeDialog(page).then(() => page.keyboard.press('o'))],
      ['gaps', () => closeDialog(page).then(() => byId(page, 'show-gaps').click())],
      ['settings', () => closeDialog(page).then(() => page.keyboard.press('Control+,'))],
      ['four charts', () => closeDialog(page).then(() => page.keyboard.press('Alt+4'))],
      ['layout menu', () => byId(page, 'layout').click()],
      ['commands', () => page.keyboard.press('Escape').then(() => page.keyboard.press('Control+k'))],
    ]
    for (const [name, show] of views) {
      await show()
      assert.deepEqual(await findings(page), [], name)
    }
    await page.context().close()
  })
}
