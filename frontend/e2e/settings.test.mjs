// Settings and the first start's question, with a stand-in for the desktop shell: only the shell changes settings. That
// they take effect is tested in app/e2e.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { byId, closeDialog, launch, open, picture, until } from './page.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const FORM = {
  values: {
    'solana.cluster': 'custom',
    'solana.rpc_url': 'https://rpc.example/?api-key=••••9f3a',
    'solana.ws_url': '',
    'solana.program_id': 'JBMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUTBZ',
    'solana.commitment': 'confirmed',
    'solana.backfill_limit': '10000',
    'server.listen': '127.0.0.1:5051',
    'server.token': '••••2c1d',
    'store.retention_days': '0',
    'kline.intervals': 's1,s5,s15,s30,m1,m5,m15,h1,h4,d1',
    'alerts.webhook': '',
    'window.gpu': 'never',
  },
  fallback: [
    { rpc_url: 'https://a.example', ws_url: '', stored: 1 },
    { rpc_url: 'https://b.example/v2/••••cdef', ws_url: 'wss://b.example/v2/••••cdef', stored: 2 },
  ],
}

/** Puts a shell in place; what it is asked to save stands in window.saved, and window.answer is what it says. */
function shell({ form, first }) {
  window.saved = []
  window.answer = { problems: [], error: '', restarted: false, backup: '', app_only: false }
  const checks = [
    { name: 'JSON-RPC', ok: true, text: 'node 2.1.21' },
    { name: 'getSlot', ok: true, text: 'slot 312004117 in 43 ms' },
  ]
  const report = { problem: '', latency_ms: 43, version: '2.1.21', chain: 'mainnet', note: '' }
  const later = (value) => new Promise((resolve) => setTimeout(() => resolve(value), 50))
  window.runtime = { EventsOn: () => () => undefined }
  window.go = {
    app: {
      App: {
        Server: () =>
          later({ base: '', token: sessionStorage.getItem('spinscope.token') ?? '', error: '', ready: true, first }),
        SetView: () => later(),
        Heartbeat: () => later(),
        Settings: () =>
          later({
            form,
            fixed: { 'server.listen': '--listen' },
            file: '/home/anna/.config/spinscope/config.toml',
            revision: 'r1',
            problem: '',
            stored: ['devnet'],
          }),
        SaveSettings: (change) => {
          window.saved.push(change)
          return later(window.answer)
        },
        TestEndpoint: ({ endpoint }) =>
          later(
            endpoint.stored === 2
              ? {
                  ...report,
                  works: false,
                  checks: [...checks, { name: 'WebSocket', ok: false, text: 'it wants a key' }],
                }
              : {
                  ...report,
                  works: true,
                  checks: [...checks, { name: 'Logs subscription', ok: true, text: 'accepted' }],
                },
          ),
        StopTests: () => later(),
      },
    },
  }
}

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
    await until('one works', async () => (await byId(page, 'own-trial').getAttribute('data-state')) === 'works')
    await until(
      'the other does not',
      async () => (await byId(page, 'fallback-1-trial').getAttribute('data-state')) === 'fails',
    )
    assert.match(await byId(page, 'own-trial').textContent(), /43 ms.*2\.1\.21.*mainnet.*accepted/s)
    assert.match(await byId(page, 'fallback-1-trial').textContent(), /it wants a key/)
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
    await until('it works', async () => (await byId(page, 'own-trial').getAttribute('data-state')) === 'works')
    assert.deepEqual(await findings(page), [], 'own endpoint')
    await closeDialog(page)
    await until('the demo market is remembered', async () => (await saved(page)).length === 1)
    assert.deepEqual((await saved(page))[0].form.values, {})
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
