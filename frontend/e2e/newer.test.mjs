// A word about a newer version: quiet, in both themes, and never anything else.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { covered, cut } from './fit.mjs'
import { byId, closeDialog, launch, leave, open, picture, until } from './page.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const newer = { version: '0.2.0', running: '0.1.0', page: 'https://spinscope.invalid/0.2.0' }
const routes = (page) =>
  page.route('**/api/events/status', async (route) => {
    const body = await (await route.fetch()).json()
    await route.fulfill({ json: { ...body, data: { ...body.data, newer } } })
  })

for (const theme of ['dark', 'light']) {
  test(`a newer version is a line in the status bar and in About, in ${theme}`, async () => {
    const page = await open(browser, { theme, routes })
    const word = byId(page, 'newer')
    await word.waitFor()
    assert.equal(await word.textContent(), '0.2.0 is available')
    assert.equal(await page.locator('dialog').count(), 0)
    assert.deepEqual(await findings(page), [])
    assert.deepEqual(await cut(page), [])
    assert.deepEqual(await covered(page), [])
    await picture(page, `newer-${theme}`)

    await page.keyboard.press('Control+k')
    await page.keyboard.type('about')
    await page.keyboard.press('Enter')
    await byId(page, 'about-newer').waitFor()
    assert.deepEqual(await findings(page), [])
    await picture(page, `newer-about-${theme}`)
    await closeDialog(page)

    const [opened] = await Promise.all([page.context().waitForEvent('page'), word.click()])
    await until('its page is asked for', () => opened.url() !== 'about:blank' && opened.url() !== '')
    assert.equal(await page.locator('dialog').count(), 0)
    await leave(page)
  })
}

test('where there is little room it is in About alone', async () => {
  const page = await open(browser, { width: 390, height: 800, routes })
  await until('it is known', () => byId(page, 'newer').count())
  assert.equal(await byId(page, 'newer').isVisible(), false)
  assert.deepEqual(await cut(page), [])
  await leave(page)
})
