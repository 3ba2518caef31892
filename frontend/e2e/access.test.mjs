// Accessibility: axe finds nothing serious, in both themes and in every view.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { byId, closeDialog, launch, open, until } from './page.mjs'

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

async function findings(page) {
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }),
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join('\n  ')}`)
}

for (const theme of ['dark', 'light']) {
  test(`nothing serious in ${theme}`, async () => {
    const page = await open(browser, { theme })
    await page.evaluate(axe)
    await byId(page, 'trade').first().waitFor()
    await until('rows have figures', async () => /%/.test(await byId(page, 'token-change').first().textContent()))
    const views = [
      ['trades', () => byId(page, 'side-trades').click()],
      ['orders', () => byId(page, 'side-orders').click()],
      ['info', () => byId(page, 'side-info').click()],
      ['export menu', () => byId(page, 'export').click()],
      ['shortcuts', () => page.keyboard.press('Escape').then(() => page.keyboard.press('?'))],
      ['connect', () => closeDialog(page).then(() => page.keyboard.press('x'))],
      ['frames', () => closeDialog(page).then(() => page.keyboard.press('q'))],
      ['layers', () => closeDialog(page).then(() => page.keyboard.press('o'))],
      ['gaps', () => closeDialog(page).then(() => byId(page, 'show-gaps').click())],
      ['commands', () => closeDialog(page).then(() => page.keyboard.press('Control+k'))],
    ]
    for (const [name, show] of views) {
      await show()
      assert.deepEqual(await findings(page), [], name)
    }
    await page.context().close()
  })
}
