// The health panel: metrics of endpoints, clients and store, and the log tail, beside what the API says; honest while
// the server cannot be reached; axe in both themes.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { ask, byId, closeDialog, launch, open, picture, until } from './page.mjs'

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const calm = (page) => assert.deepEqual(page.complaints, [], 'the page complained')

test('it opens from the status bar, by key and from the palette', async () => {
  const page = await open(browser)
  await byId(page, 'show-health').click()
  await byId(page, 'health-dialog').waitFor()
  await closeDialog(page)
  await page.keyboard.press('Shift+H')
  await byId(page, 'health-dialog').waitFor()
  await closeDialog(page)
  await page.keyboard.press('Control+k')
  await byId(page, 'palette-input').fill('health')
  await page.keyboard.press('Enter')
  await byId(page, 'endpoint').first().waitFor()
  calm(page)
  await page.context().close()
})

test('its metrics are those of the server', async () => {
  const page = await open(browser)
  await page.keyboard.press('Shift+H')
  const { endpoints } = await ask('/api/endpoints')
  await byId(page, 'endpoint').first().waitFor()
  assert.equal(await byId(page, 'endpoint').count(), endpoints.length)
  assert.ok((await byId(page, 'endpoint').first().textContent()).includes(endpoints[0].name))
  await until(
    'one is in use and live',
    async () =>
      (await byId(page, 'endpoint').and(page.locator('[data-in-use="true"][data-state="connected"]')).count()) === 1,
  )
  await until('this very page is among the clients', async () => {
    const { clients } = await ask('/api/kline/subscriptions')
    const rows = await byId(page, 'client').allTextContents()
    return (
      rows.length === clients.length &&
      clients.every(({ remote_addr: address }) => rows.some((row) => row.includes(address)))
    )
  })
  assert.match(await byId(page, 'store-size').textContent(), /[KM]B/)
  await closeDialog(page)
  calm(page)
  await page.context().close()
})

test('the log follows, can be narrowed, paused and copied', async () => {
  const page = await open(browser)
  await page.keyboard.press('Shift+H')
  const { records } = await ask('/api/log?level=info')
  const last = records.at(-1)
  await until('the newest record is shown', async () => {
    const lines = await byId(page, 'log-record').allTextContents()
    return lines.some((line) => line.includes(last.message))
  })
  const known = await byId(page, 'log-record').count()
  const other = await open(browser) // its connection is logged
  await until('a new record comes in', async () => (await byId(page, 'log-record').count()) > known)
  await other.context().close()
  await byId(page, 'log-level').selectOption('error')
  await until('only errors are left', async () => {
    const levels = await byId(page, 'log-record').evaluateAll((list) => list.map((item) => item.dataset.level))
    return levels.every((level) => level === 'error')
  })
  await byId(page, 'log-level').selectOption('info')
  await byId(page, 'log-pause').click()
  assert.equal(await byId(page, 'log-pause').getAttribute('aria-pressed'), 'true')
  await byId(page, 'log-copy').click()
  await until('it is on the clipboard', async () =>
    (await page.evaluate(() => navigator.clipboard.readText())).includes(last.message),
  )
  calm(page)
  await page.context().close()
})

test('while the server is away it says so and keeps what it knew', async () => {
  let cut = false
  const page = await open(browser, {
    routes: (page) => page.route('**/api/**', (route) => (cut ? route.abort() : route.continue())),
  })
  await page.keyboard.press('Shift+H')
  await byId(page, 'endpoint').first().waitFor()
  cut = true
  await byId(page, 'health-error').waitFor()
  assert.ok((await byId(page, 'endpoint').count()) > 0)
  cut = false
  await byId(page, 'health-error').waitFor({ state: 'detached' })
  await page.context().close()
})

test('endpoints in trouble are told', async () => {
  const endpoint = (more) => ({
    name: 'https://rpc.example/…',
    state: 'connected',
    in_use: true,
    latency_ms: 83.4,
    slot: 312_000_000,
    lag_slots: 3,
    seen_at: Date.now(),
    errors: 0,
    reconnects: 0,
    last_error: '',
    last_error_at: 0,
    ...more,
  })
  const trouble = {
    name: 'https://first.example/…',
    state: 'down',
    in_use: false,
    lag_slots: null,
    errors: 12,
    reconnects: 2,
    last_error: 'getSlot at https://first.example/…: unexpected HTTP status 503 overloaded',
    last_error_at: Date.now() - 5000,
  }
  for (const theme of ['dark', 'light']) {
    const page = await open(browser, {
      theme,
      routes: (page) =>
        page.route('**/api/endpoints', (route) =>
          route.fulfill({
            json: { success: true, message: '', data: { endpoints: [endpoint(trouble), endpoint({})], total: 2 } },
          }),
        ),
    })
    await page.evaluate(axe)
    await page.keyboard.press('Shift+H')
    await byId(page, 'endpoint').nth(1).waitFor()
    await byId(page, 'log-record').first().waitFor()
    assert.match(await byId(page, 'endpoint').first().textContent(), /down.*12.*503/s)
    const { violations } = await page.evaluate(() =>
      window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }),
    )
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    assert.deepEqual(
      serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join('\n')}`),
      [],
      theme,
    )
    await picture(page, `health-${theme}`)
    calm(page)
    await page.context().close()
  }
})

test('trouble has its own words in the status bar, and a way out', async () => {
  const real = (await ask('/api/events/status')) ?? {}
  const reading = { running: true, done: 10, total: 400, eta_seconds: 30 }
  const cases = [
    ['down', { connection_status: 'reconnecting', last_error: 'no route', failures: 3 }, /cannot be read: no route/],
    ['connecting', { connection_status: 'connecting', last_error: '', failures: 0 }, /Connecting to the/],
    ['off', { connection_status: 'disabled' }, /enable_event_listener/],
    ['behind', { connection_status: 'catching_up', backfill: reading }, /10 of 400 transactions/],
    ['history', { connection_status: 'connected', backfill: reading }, /New trades keep coming in/],
    ['live', { connection_status: 'connected', last_error: 'rate limited, pausing 2s' }, null],
  ]
  let now = {}
  const page = await open(browser, {
    routes: (page) =>
      page.route('**/api/events/status', (route) => {
        if (now === null) return undefined // an answer that never comes
        return route.fulfill({ json: { success: true, message: '', data: { ...real, ...now } } })
      }),
  })
  for (const [state, answer, text] of cases) {
    now = answer
    await until(`the state is ${state}`, async () => (await byId(page, 'status').getAttribute('data-state')) === state)
    if (text) assert.match(await byId(page, 'banner').textContent(), text)
    else assert.match(await byId(page, 'hiccup').getAttribute('title'), /rate limited/)
    await picture(page, `state-${state}`)
  }
  await byId(page, 'hiccup').click()
  await byId(page, 'health-dialog').waitFor()
  await closeDialog(page)
  now = null
  await until('silence is told', async () => (await byId(page, 'status').getAttribute('data-state')) === 'silent')
  await picture(page, 'state-silent')
  now = {}
  await byId(page, 'retry').click()
  await until('it is over', async () => (await byId(page, 'status').getAttribute('data-state')) === 'live')
  await byId(page, 'banner').waitFor({ state: 'detached' })
  calm(page)
  await page.context().close()
})
