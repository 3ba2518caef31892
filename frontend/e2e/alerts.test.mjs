// Alerts: a real rule fires on the running server and reaches list, toast, badge and chart; the form, by the desktop's
// bindings (stood in for here) and without them; axe in both themes.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { ask, byId, debug, launch, open, picture, until } from './page.mjs'

/** The server's data directory: the rule file is there. */
const data = process.env.SPINSCOPE_DATA ?? ''

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const calm = (page) => assert.deepEqual(page.complaints, [], 'the page complained')
const count = async (page, name) => Number(await byId(page, 'chart').first().getAttribute(`data-${name}`))

/** Answers of /api/alerts that a test decides on, and bindings that change them, as the desktop app has. */
async function standIn(page, state, bindings = true) {
  await page.route('**/api/alerts**', (route) => {
    const paging = { total: state.alerts.length, page: 1, limit: 50, has_next: false, has_prev: false }
    return route.fulfill({ json: { success: true, message: '', data: { ...state, ...paging } } })
  })
  if (!bindings) return
  await page.exposeFunction('standInSave', (rule) => {
    if (rule.price === '7') return { refused: 'price: "7" is refused by the test' }
    const saved = { ...rule, id: rule.id || `r${state.rules.length + 1}`, created_at: rule.created_at || 1 }
    state.rules = [...state.rules.filter(({ id }) => id !== saved.id), saved]
    return { saved }
  })
  await page.exposeFunction('standInDelete', (id) => {
    state.rules = state.rules.filter((rule) => rule.id !== id)
  })
  await page.addInitScript(() => {
    const SaveAlert = async (rule) => {
      const { saved, refused } = await window.standInSave(rule)
      if (refused) throw refused
      return saved
    }
    window.go = { app: { App: { SaveAlert, DeleteAlert: (id) => window.standInDelete(id) } } }
  })
}

const fired = (more) => ({
  id: 'f1',
  rule: 'r1',
  kind: 'price_above',
  symbol: '',
  message: 'OAK: price 0.000000029 SOL, at or above 0.000000028',
  value: 2.9e-8,
  value_exact: '0.000000029',
  timestamp: Date.now() - 60_000,
  seq: 1,
  slot: 1,
  signature: 's',
  late: false,
  ...more,
})

test('a rule that the server has fires: toast, badge, list, and the chart goes there', async (t) => {
  if (!data) return t.skip('SKIPPED: set SPINSCOPE_DATA to the data directory of the server')
  const rules = [{ id: 'e2e-any-move', kind: 'percent_move', percent: 0.01, window_seconds: 10 }]
  const file = join(data, 'alerts.json')
  const page = await open(browser)
  const before = (await ask('/api/alerts')).total
  await writeFile(file, JSON.stringify({ version: 1, rules }))
  try {
    await until('it fires', async () => (await ask('/api/alerts')).total > before)
    const toast = byId(page, 'toast').and(page.locator('[data-kind="alert"]'))
    await toast.first().waitFor()
    await until(
      'the badge counts it',
      async () => Number(await byId(page, 'show-alerts').getAttribute('data-unseen')) > 0,
    )
    assert.ok((await toast.count()) <= 2, 'toasts of alerts are few')
    await picture(page, 'alert-toast')
    await writeFile(file, JSON.stringify({ version: 1, rules: [{ ...rules[0], muted: true }] }))
    await byId(page, 'toast-close').first().click()
    await byId(page, 'show-alerts').click()
    const { alerts } = await ask('/api/alerts?limit=50')
    const last = alerts.at(-1)
    // Others may still come in above it.
    const row = byId(page, 'alert').filter({ hasText: last.message }).first()
    await until('it is listed', async () => (await row.textContent())?.includes(last.message))
    await until(
      'what was looked at is not counted',
      async () => (await byId(page, 'show-alerts').getAttribute('data-unseen')) === '0',
    )
    await row.click()
    await until('its token is shown', async () => {
      const view = await debug(page)
      return view.mint === last.symbol && view.phase === 'ready'
    })
    await until('the crosshair stands on its bar', async () => {
      const legend = byId(page, 'legend')
      const time = Number(await legend.getAttribute('data-time'))
      return (
        (await legend.getAttribute('data-hovered')) === 'true' &&
        time <= last.timestamp / 1000 &&
        time > last.timestamp / 1000 - 60
      )
    })
    await byId(page, 'alerts-rules').click()
    await until('the rule is read again', async () =>
      /muted/.test(await byId(page, 'alert-rule').first().textContent()),
    )
    assert.equal(await byId(page, 'rule-edit').count(), 0, 'nothing can be changed from a browser')
    calm(page)
  } finally {
    await writeFile(file, JSON.stringify({ version: 1, rules: [] }))
    await page.context().close()
  }
})

test('an alert is made on the chart, drawn, changed, muted and deleted', async () => {
  const state = { rules: [], alerts: [] }
  const page = await open(browser, { routes: (page) => standIn(page, state) })
  const box = await byId(page, 'chart').boundingBox()
  await page.mouse.click(box.x + box.width / 2, box.y + box.height * 0.3, { button: 'right' })
  await byId(page, 'menu-alert').click()
  await byId(page, 'alert-form').waitFor()
  const price = Number(await byId(page, 'alert-price').inputValue())
  const { last, mint } = await debug(page)
  assert.ok(price > 0, 'the price under the pointer')
  assert.equal(await byId(page, 'alert-kind').inputValue(), price < last.close ? 'price_below' : 'price_above')
  assert.ok(await byId(page, 'alert-price').evaluate((field) => field === document.activeElement), 'it has the focus')
  await page.keyboard.type('7')
  await page.keyboard.press('Enter')
  await byId(page, 'alert-problem').waitFor()
  assert.equal(await byId(page, 'alert-problem').getAttribute('data-field'), 'price')
  await picture(page, 'alert-refused')
  const wanted = (last.close * 1.001).toFixed(18)
  await byId(page, 'alert-price').fill(wanted)
  await byId(page, 'alert-kind').selectOption('price_above')
  assert.ok(await byId(page, 'alert-once').isChecked(), 'once, unless asked otherwise')
  await byId(page, 'alert-once').uncheck()
  await byId(page, 'alert-pause').waitFor()
  await byId(page, 'alert-once').check()
  await byId(page, 'alert-save').click()
  await byId(page, 'alert-form').waitFor({ state: 'detached' })
  assert.deepEqual(state.rules, [
    { id: 'r1', kind: 'price_above', symbol: mint, price: wanted, once: true, created_at: 1 },
  ])
  await until('it is drawn', async () => (await count(page, 'alerts')) === 1)
  assert.match(await byId(page, 'alert-rule').textContent(), /rises to .*once/)
  await byId(page, 'rule-mute').click()
  await until('a muted one is not drawn', async () => (await count(page, 'alerts')) === 0)
  await byId(page, 'rule-edit').click()
  assert.equal(await byId(page, 'alert-price').inputValue(), wanted)
  await page.keyboard.press('Escape')
  await byId(page, 'alert-form').waitFor({ state: 'detached' })
  await byId(page, 'rule-delete').click()
  await byId(page, 'rules-none').waitFor()
  calm(page)
  await page.context().close()
})

test('the line of an alert is moved by hand, and lies where it was let go', async () => {
  const state = { rules: [], alerts: [] }
  const page = await open(browser, { routes: (page) => standIn(page, state) })
  const { mint, last } = await debug(page)
  const price = (last.close * 1.02).toFixed(18)
  state.rules = [{ id: 'r1', kind: 'price_above', symbol: mint, price, created_at: 1 }]
  await page.keyboard.press('a') // the list is read, and the rules with it
  await until('the alert has a line', async () => (await count(page, 'alerts')) === 1)

  const height = (at) => page.evaluate((at) => window.__spinscope.heightOf(at), at)
  await until('it is lower by then', async () => {
    const box = await byId(page, 'chart').boundingBox()
    const [x, y] = [box.x + 0.4 * box.width, box.y + (await height(Number(state.rules[0].price)))]
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x, y + 30)
    await page.mouse.move(x, y + 60)
    await page.mouse.up()
    return Number(state.rules[0].price) < Number(price)
  })
  const { kind, id } = state.rules[0]
  assert.equal(id, 'r1')
  assert.equal(kind, Number(state.rules[0].price) < (await debug(page)).last.close ? 'price_below' : 'price_above')
  await page.context().close()
})

test('every kind can be made by keyboard alone', async () => {
  const state = { rules: [], alerts: [] }
  const page = await open(browser, { routes: (page) => standIn(page, state) })
  const kinds = [
    'price_above',
    'price_below',
    'market_cap_above',
    'market_cap_below',
    'percent_move',
    'volume_spike',
    'liquidation',
    'wallet_trade',
    'new_token',
    'connection_lost',
  ]
  for (const [place, kind] of kinds.entries()) {
    await page.keyboard.press('Shift+A')
    await byId(page, 'alert-form').waitFor()
    const select = byId(page, 'alert-kind')
    await select.focus()
    await page.keyboard.press('Home')
    for (let i = 0; i < place; i++) await page.keyboard.press('ArrowDown')
    assert.equal(await select.inputValue(), kind)
    if (kind === 'wallet_trade') await byId(page, 'alert-wallet').fill('JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG')
    if (kind.startsWith('market_cap')) await byId(page, 'alert-cap').fill('250.5')
    await byId(page, 'alert-once').focus()
    await page.keyboard.press('Enter')
    await byId(page, 'alert-form').waitFor({ state: 'detached' })
    assert.equal(state.rules.at(-1).kind, kind)
  }
  assert.equal(state.rules.length, kinds.length)
  assert.equal(await byId(page, 'alert-rule').count(), kinds.length)
  calm(page)
  await page.context().close()
})

for (const theme of ['dark', 'light']) {
  test(`an alert by market cap says what it waits for, in ${theme}`, async () => {
    const state = { rules: [], alerts: [] }
    const page = await open(browser, { theme, routes: (page) => standIn(page, state) })
    await page.keyboard.press('Shift+A')
    await byId(page, 'alert-kind').selectOption('market_cap_below')
    await byId(page, 'alert-cap').fill('1e3')
    await byId(page, 'alert-save').click()
    assert.equal(await byId(page, 'alert-problem').getAttribute('data-field'), 'market_cap')
    assert.deepEqual(await findings(page), [])
    await picture(page, `alert-cap-${theme}`)
    await byId(page, 'alert-cap').fill('12.5')
    await byId(page, 'alert-save').click()
    await byId(page, 'alert-form').waitFor({ state: 'detached' })
    assert.equal(state.rules[0].market_cap, '12.5')

    state.rules = [{ ...state.rules[0], supply_unknown: true }]
    await page.reload()
    await byId(page, 'alerts-rules').click()
    await until('the rule says that it waits', async () =>
      /market cap falls to 12.5 SOL.*waits: supply not known/.test(
        (await byId(page, 'alert-rule').allTextContents()).join(),
      ),
    )
    assert.deepEqual(await findings(page), [])
    await page.setViewportSize({ width: 390, height: 844 })
    await picture(page, `alert-cap-390-${theme}`)
    calm(page)
    await page.context().close()
  })
}

test('an alert may be about any token: found by keyboard, or its address pasted', async () => {
  const state = { rules: [], alerts: [] }
  const page = await open(browser, { routes: (page) => standIn(page, state) })
  const { mint: shown } = await debug(page)
  const row = page.locator(`[data-testid="token-row"]:not([data-mint="${shown}"])`).first()
  const [other, symbol] = [await row.getAttribute('data-mint'), await row.getAttribute('data-symbol')]
  const field = byId(page, 'alert-symbol')
  const begin = async () => {
    await page.keyboard.press('Shift+A')
    await byId(page, 'alert-price').fill('0.5')
    await page.keyboard.press('Shift+Tab')
    assert.ok(await field.evaluate((element) => element === document.activeElement))
  }
  const saved = async (count) => {
    await byId(page, 'alert-form').waitFor({ state: 'detached' })
    assert.equal(state.rules.length, count)
    return state.rules.at(-1).symbol
  }

  await begin()
  await page.keyboard.type(symbol.toLowerCase())
  const options = byId(page, 'alert-token')
  await options.first().waitFor()
  for (let i = 0; (await field.getAttribute('aria-activedescendant')) !== `alert-token-${other}`; i++) {
    assert.ok(i < 50, 'the token is among the options')
    await page.keyboard.press('ArrowDown')
  }
  await picture(page, 'alert-token-search')
  await page.keyboard.press('Enter')
  assert.equal(await options.count(), 0)
  assert.equal(await field.getAttribute('data-value'), other)
  assert.ok((await byId(page, 'alert-token-note').textContent()).includes(other), 'the whole address is told')
  await page.keyboard.press('Enter')
  assert.equal(await saved(1), other)

  // System program: 32 bytes, and no token of this market.
  const unknown = '1'.repeat(32)
  await begin()
  await page.evaluate((text) => navigator.clipboard.writeText(text), unknown.slice(1))
  await page.keyboard.press('Control+V')
  await page.keyboard.press('Tab')
  await byId(page, 'alert-problem').waitFor()
  assert.equal(await byId(page, 'alert-problem').getAttribute('data-field'), 'symbol')
  await picture(page, 'alert-token-refused')
  await page.keyboard.press('Enter')
  assert.equal(state.rules.length, 1, 'nothing is saved with half an address')
  await page.evaluate((text) => navigator.clipboard.writeText(text), unknown)
  await field.focus()
  await page.keyboard.press('Control+V')
  await byId(page, 'alert-problem').waitFor({ state: 'detached' })
  await page.keyboard.press('Enter')
  assert.equal(await saved(2), unknown)

  await begin()
  await page.keyboard.press('ArrowDown')
  await options.first().waitFor()
  await page.keyboard.press('Escape')
  assert.equal(await options.count(), 0)
  await page.keyboard.press('Escape')
  await byId(page, 'alert-form').waitFor({ state: 'detached' })
  calm(page)
  await page.context().close()
})

test('a browser reads only, and has the command to use', async () => {
  const page = await open(browser)
  await page.keyboard.press('a')
  await until(
    'the panel is there',
    async () => (await byId(page, 'side-alerts').getAttribute('aria-selected')) === 'true',
  )
  await byId(page, 'alert-new').click()
  const { mint } = await debug(page)
  await byId(page, 'alert-price').fill('0.00000003')
  const command = `spinscope alert add --kind price_above --symbol ${mint} --price 0.00000003 --once`
  assert.equal(await byId(page, 'alert-command').textContent(), command)
  await byId(page, 'alert-save').click()
  await until(
    'it is on the clipboard',
    async () => (await page.evaluate(() => navigator.clipboard.readText())) === command,
  )
  await byId(page, 'alert-price').fill('cheap')
  await byId(page, 'alert-problem').waitFor()
  assert.ok(await byId(page, 'alert-save').isDisabled())
  calm(page)
  await page.context().close()
})

test('alerts that cannot be read say so, with a way out', async () => {
  let cut = true
  const page = await open(browser, {
    routes: (page) => page.route('**/api/alerts**', (route) => (cut ? route.abort() : route.continue())),
  })
  await page.keyboard.press('a')
  await byId(page, 'alerts-error').waitFor()
  cut = false
  await byId(page, 'alerts-error').getByRole('button').click()
  await byId(page, 'alert-list').waitFor()
  await page.context().close()
})

for (const theme of ['dark', 'light']) {
  test(`nothing serious for a screen reader in ${theme}`, async () => {
    const { mints } = await ask('/api/mints?sort_by=last_trade_desc&limit=2')
    const { klines } = await ask(`/api/kline?mint=${mints[0]}&interval=m1&limit=1`)
    const level = (factor) => (klines[0].close * factor).toFixed(18)
    const state = {
      rules: [
        { id: 'r1', kind: 'price_above', symbol: mints[0], price: level(1.01), created_at: 1 },
        { id: 'r2', kind: 'price_below', symbol: mints[0], price: level(0.99), once: true, created_at: 1 },
        {
          id: 'r3',
          kind: 'percent_move',
          percent: 5,
          direction: 'both',
          window_seconds: 300,
          muted: true,
          created_at: 1,
        },
        { id: 'r4', kind: 'new_token', once: true, spent: true, created_at: 1 },
      ],
      alerts: [
        fired({ symbol: mints[0] }),
        fired({
          id: 'f2',
          kind: 'liquidation',
          symbol: mints[1] ?? mints[0],
          message: 'FOX: long of 2.5 SOL liquidated',
          late: true,
        }),
        fired({
          id: 'f3',
          kind: 'connection_lost',
          message: 'No connection to the cluster for 35 s',
          timestamp: Date.now() - 2e8,
        }),
      ],
    }
    const page = await open(browser, { theme, routes: (page) => standIn(page, state) })
    await byId(page, 'token-row')
      .and(page.locator(`[data-mint="${mints[0]}"]`))
      .click()
    await until('the lines are drawn', async () => (await count(page, 'alerts')) === 2)
    await page.keyboard.press('a')
    await byId(page, 'alert').nth(2).waitFor()
    const views = [
      ['fired', async () => undefined],
      ['rules', () => byId(page, 'alerts-rules').click()],
      ['form', () => byId(page, 'alert-new').click()],
      ['form-tokens', () => byId(page, 'alert-symbol').click()],
      [
        'form-no-token',
        async () => {
          await byId(page, 'alert-symbol').fill('no such token')
          await byId(page, 'alert-price').focus()
          await byId(page, 'alert-problem').waitFor()
        },
      ],
      ['form-move', () => byId(page, 'alert-kind').selectOption('percent_move')],
    ]
    for (const [name, show] of views) {
      await show()
      assert.deepEqual(await findings(page), [], name)
      await picture(page, `alerts-${name}-${theme}`)
    }
    calm(page)
    await page.context().close()
  })
}
