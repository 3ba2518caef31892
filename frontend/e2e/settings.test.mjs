// Settings and the first start's question, with a stand-in for the desktop shell: only the shell changes settings. That
// they take effect is tested in app/e2e.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { byId, launch, open, picture, until } from './page.mjs'
import { FORM, shell } from './shell.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const inApp = (theme, first = false, form = FORM) =>
  open(browser, { theme, routes: (page) => page.addInitScript(shell, { form, first }) })

const field = (page, name) => byId(page, `input-${name}`)
const saved = (page) => page.evaluate(() => window.saved)

for (const theme of ['dark', 'light']) {
  test(`settings are tested, checked and saved, in ${theme}`, async () => {
    const page = await inApp(theme)
    await page.keyboard.press('Control+,')
    await field(page, 'solana.rpc_url').waitFor()
    assert.equal(await byId(page, 'settings-save').isDisabled(), true)
    assert.match(await byId(page, 'field-server.listen').textContent(), /127\.0\.0\.1:5051.*--listen/s)
    assert.equal(await field(page, 'server.listen').count(), 0)

    await byId(page, 'test-own').click()
    await byId(page, 'fallback-1-test').click()
    await until('one works', async () => (await byId(page, 'own-result').getAttribute('data-state')) === 'works')
    await until(
      'the other does not',
      async () => (await byId(page, 'fallback-1-result').getAttribute('data-state')) === 'fails',
    )
    assert.match(await byId(page, 'own-result').textContent(), /43 ms.*2\.1\.21.*mainnet.*accepted/s)
    assert.match(await byId(page, 'fallback-1-result').textContent(), /it wants a key/)
    await picture(page, `settings-${theme}`)
    assert.deepEqual(await findings(page), [], 'settings')

    await page.evaluate(() => {
      window.answer.problems = [
        { key: 'store.retention_days', text: 'is out of range: use 0..36500' },
        { key: 'kline.intervals', text: 'is empty' },
      ]
    })
    await field(page, 'store.retention_days').fill('-1')
    await page.keyboard.press('Enter')
    await byId(page, 'problem-store.retention_days').waitFor()
    assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), 'input-store.retention_days')
    assert.equal(await field(page, 'store.retention_days').getAttribute('aria-invalid'), 'true')
    assert.deepEqual(await findings(page), [], 'problems')

    // By keyboard alone: the second fallback first, the focus stays with it.
    await page.evaluate(() => (window.answer.problems = []))
    await byId(page, 'fallback-1-up').focus()
    await page.keyboard.press('Space')
    await until('the focus moved along', () =>
      page.evaluate(() => document.activeElement.dataset.testid === 'fallback-0-down'),
    )
    await field(page, 'store.retention_days').fill('30')
    await byId(page, 'generate-token').click()
    const token = await field(page, 'server.token').inputValue()
    assert.match(token, /^[0-9a-f]{32}$/)

    await page.keyboard.press('Escape')
    await byId(page, 'settings-discard').waitFor() // changes are not lost by a slip
    await byId(page, 'settings-save').click()
    await page.locator('dialog').waitFor({ state: 'detached' })
    const [, change] = await saved(page)
    assert.deepEqual(change, {
      revision: 'r1',
      form: { values: { 'server.token': token, 'store.retention_days': '30' }, fallback: FORM.fallback.toReversed() },
    })
    assert.deepEqual(page.complaints, [])
    await page.context().close()
  })

  test(`the first start asks for a market, in ${theme}`, async () => {
    const page = await inApp(theme, true, { values: { ...FORM.values, 'solana.cluster': 'demo' }, fallback: [] })
    await byId(page, 'market-demo').waitFor()
    await picture(page, `first-start-${theme}`)
    assert.deepEqual(await findings(page), [], 'first start')
    await byId(page, 'market-custom').click()
    await until('the address has the focus', () =>
      page.evaluate(() => document.activeElement.dataset.testid === 'input-solana.rpc_url'),
    )
    await page.keyboard.type('https://own.example')
    await byId(page, 'test-own').click()
    await until('it works', async () => (await byId(page, 'own-result').getAttribute('data-state')) === 'works')
    assert.deepEqual(await findings(page), [], 'own endpoint')
    await page.keyboard.press('Escape')
    await until('the demo market is remembered', async () => (await saved(page)).length === 1)
    assert.deepEqual((await saved(page))[0].form.values, {})
    await byId(page, 'tour-dialog').waitFor() // which the first start leads to
    assert.deepEqual(page.complaints, [])
    await page.context().close()
  })
}

test('settings that the server does not start with are told, and the page finds the server again', async () => {
  const page = await inApp('dark')
  await byId(page, 'settings').click()
  await field(page, 'store.retention_days').fill('3')
  await page.evaluate(() => Object.assign(window.answer, { error: 'port 5052 is in use', restarted: true }))
  await byId(page, 'settings-save').click()
  await byId(page, 'save-problem').waitFor()
  assert.match(await byId(page, 'save-problem').textContent(), /port 5052 is in use.*are back/s)
  await page.evaluate(() => (window.marked = true))
  await byId(page, 'settings-cancel').click()
  await until('the page is a new one', () => page.evaluate(() => window.marked !== true).catch(() => false))
  await page.context().close()
})

test('in a browser the settings say where they are', async () => {
  const page = await open(browser)
  await page.keyboard.press('Control+,')
  const dialog = byId(page, 'settings-dialog')
  await dialog.waitFor()
  assert.match(await dialog.textContent(), /configuration file or with flags/)
  assert.equal(await dialog.locator('input').count(), 0)
  assert.deepEqual(page.complaints, [])
  await page.context().close()
})
