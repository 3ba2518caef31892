// Every view at every width, in both themes, at one device pixel for one and at two: nothing lies over anything else, nothing
// is cut or outside, and axe finds nothing serious. The pictures are for looking at.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { covered, cut } from './fit.mjs'
import { ask, byId, drawn, launch, open, picture, until } from './page.mjs'
import { FORM, shell } from './shell.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const WIDTHS = [
  [1440, 900],
  [1100, 700],
  [900, 600],
  [768, 1024],
  [390, 844],
]
/** Two device pixels for one change what is drawn, and so how wide texts are: one view of every kind is looked at. */
const AT_TWO =
  'chart four-charts one-chart more-menu tokens trades liquidation orders order alerts layers health'.split(' ')

const fulfilled = (data) => ({ json: { success: true, message: '', data } })

/** What the market has to show only by chance: gaps with a long cause, alerts of every kind. */
async function full(page, mint) {
  const cause = `the transaction ${'5itr8'.repeat(17)}wEt could not be read`
  const gap = (id, more) => ({ id, from_slot: 1, to_slot: 2, cause: 'disconnected', state: 'open', seq: 1, ...more })
  const gaps = [
    gap(1, { from_slot: 0, to_slot: 311_950_000, cause: 'history before backfill_limit' }),
    gap(2, { cause }),
    gap(3),
  ]
  await page.route('**/api/gaps**', (route) => route.fulfill(fulfilled({ gaps, total: gaps.length })))
  const rule = (id, kind, more) => ({ id, kind, created_at: 1, ...more })
  const rules = [
    rule('r1', 'price_above', { symbol: mint, price: '0.0000001', once: true }),
    rule('r2', 'price_below', { symbol: mint, price: '0.00000001', muted: true }),
    rule('r3', 'percent_move', { percent: 12.5, direction: 'down', window_seconds: 300 }),
    rule('r4', 'volume_spike', { symbol: mint, factor: 3, window_seconds: 3600 }),
    rule('r5', 'liquidation', { min_size: '1.5' }),
    rule('r6', 'connection_lost'),
  ]
  const alert = (id, kind, message) => {
    const times = { timestamp: Date.now() - 60_000, late: id === 'f2', seq: 1, slot: 312_000_000 }
    return { id, rule: 'r1', kind, symbol: mint, message, value: 1, value_exact: '1', signature: 's', ...times }
  }
  const alerts = [
    alert('f1', 'price_above', 'MOTTER (3yZe…2Vq1): price 0.0(7)312345 SOL, above 0.0(7)31'),
    alert('f2', 'percent_move', 'MOTTER (3yZe…2Vq1): -12.5% within 5m, now 0.0(7)312345 SOL'),
    alert('f3', 'connection_lost', 'No connection to the cluster for 1m12s'),
  ]
  const paging = { total: 3, page: 1, limit: 50, has_next: false, has_prev: false }
  await page.route('**/api/alerts**', (route) => route.fulfill(fulfilled({ rules, alerts, ...paging })))
}

/** Chooses a panel, where one is shown at a time. */
async function panel(page, name) {
  const button = byId(page, `panel-${name}`)
  if (await button.isVisible()) await button.click()
}

async function side(page, tab) {
  await panel(page, 'side')
  await byId(page, `side-${tab}`).click()
}

async function chart(page, ...keys) {
  await panel(page, 'chart')
  for (const key of keys) await page.keyboard.press(key)
}

/**
 * What comes by a key. It is waited for: what is not open yet could not be left, and would take the next view's key. Where
 * something else took the key, that is left and the key pressed again.
 */
async function comes(page, key, what) {
  for (let tries = 1; ; tries++) {
    await page.keyboard.press(key)
    try {
      return await what.first().waitFor({ timeout: 3000 })
    } catch (error) {
      if (tries === 10) throw error
      await page.keyboard.press('Escape')
    }
  }
}

const dialog = (page, key) => comes(page, key, page.locator('dialog[open]'))

/** The first row of a kind, pressed. */
async function press(rows) {
  await rows.first().waitFor()
  await rows.first().click()
}

/** How to come to each view. Dialogs and menus are left after it. */
const VIEWS = {
  chart: (page) => chart(page),
  'history-begins': (page) => chart(page, 'f'),
  'four-charts': (page) => chart(page, 'Alt+4'),
  'one-chart': (page) => chart(page, 'Alt+1', 'r'),
  'chart-menu': async (page) => {
    await chart(page)
    await byId(page, 'chart').click({ button: 'right', position: { x: 90, y: 160 } })
    await byId(page, 'context-menu').waitFor()
  },
  'more-menu': async (page) => {
    const more = byId(page, 'more')
    await ((await more.isVisible()) ? more : byId(page, 'layout')).click()
  },
  tokens: (page) => panel(page, 'tokens'),
  'no-token': async (page) => {
    await panel(page, 'tokens')
    await byId(page, 'token-search').fill('no such token')
    await byId(page, 'tokens-none').waitFor()
  },
  trades: async (page) => {
    await panel(page, 'tokens')
    await byId(page, 'token-search').fill('')
    await side(page, 'trades')
  },
  trade: (page) => press(page.locator('[data-testid="trade"]:not([data-kind="liq"])')),
  liquidation: async (page) => {
    await byId(page, 'tape').evaluate((tape) => tape.scrollTo(0, 1))
    await press(page.locator('[data-testid="trade"][data-kind="liq"]'))
  },
  orders: (page) => side(page, 'orders'),
  order: (page) => press(byId(page, 'order')),
  info: (page) => side(page, 'info'),
  alerts: async (page) => {
    await side(page, 'alerts')
    await byId(page, 'alerts-fired').click()
    await byId(page, 'alert').first().waitFor()
  },
  rules: (page) => byId(page, 'alerts-rules').click(),
  'new-alert': async (page) => {
    await byId(page, 'alert-new').click()
    await byId(page, 'alert-price').waitFor()
  },
  move: (page) => byId(page, 'alert-kind').selectOption('percent_move'),
  'alert-token': async (page) => {
    await byId(page, 'alert-symbol').click()
    await byId(page, 'alert-token').first().waitFor()
  },
  palette: async (page) => {
    await byId(page, 'alert-symbol').press('Escape')
    await byId(page, 'alert-cancel').click()
    await comes(page, 'Control+k', byId(page, 'palette-input'))
    await byId(page, 'palette-input').fill('to')
  },
  layers: (page) => dialog(page, 'o'),
  shortcuts: (page) => dialog(page, '?'),
  connect: (page) => dialog(page, 'x'),
  frames: (page) => comes(page, 'q', byId(page, 'frames-state')),
  health: (page) => comes(page, 'Shift+H', byId(page, 'log-record')),
  gaps: async (page) => {
    await comes(page, 'Control+k', byId(page, 'palette-input'))
    await byId(page, 'palette-input').fill('known gaps')
    await page.keyboard.press('Enter')
    await byId(page, 'gap').first().waitFor()
  },
  elsewhere: (page) => dialog(page, 'Control+,'),
}

/** Views that only the desktop app has. */
const IN_APP = {
  'first-start': async (page) => {
    await page.reload()
    await byId(page, 'first-start').waitFor()
  },
  'own-endpoint': async (page) => {
    await page.reload()
    await byId(page, 'market-custom').click()
  },
  settings: async (page) => {
    await dialog(page, 'Control+,')
    await byId(page, 'input-solana.rpc_url').waitFor()
  },
}

/** Closes what lies over the window. */
async function leaveTop(page) {
  for (const open of ['dialog[open]', '[role="menu"]']) {
    const top = page.locator(open)
    if ((await top.count()) === 0) continue
    await page.keyboard.press('Escape')
    await top.first().waitFor({ state: 'detached' })
  }
}

/** Shows each view and collects what is wrong with it. */
async function look(page, views, { theme, scale, width, wrong }) {
  for (const [name, show] of Object.entries(views)) {
    if (scale > 1 && !AT_TWO.includes(name)) continue
    await show(page)
    await page.mouse.move(1, 1)

    let found
    await until(
      `${name} is at rest`,
      async () => {
        await drawn(page)
        found = [...(await covered(page)), ...(await cut(page))]
        return found.length === 0
      },
      3000,
    ).catch(() => undefined)
    if (scale === 1) found.push(...(await findings(page)))
    wrong.push(...found.map((text) => `${width} ${name}: ${text}`))

    await picture(page, `every-${width}-${name}-${theme}-${scale}x`)
    await leaveTop(page)
  }
}

for (const theme of ['dark', 'light']) {
  for (const scale of [1, 2]) {
    test(`every view has its place at every width, in ${theme} at ${scale}×`, async () => {
      const { mints } = await ask('/api/mints?sort_by=volume_desc&limit=1')
      const wrong = []
      const page = await open(browser, {
        theme,
        scale,
        routes: async (page) => {
          await full(page, mints[0])
          await page.addInitScript(
            (prefs) => localStorage.getItem('spinscope.prefs') ?? localStorage.setItem('spinscope.prefs', prefs),
            JSON.stringify({ charts: [{ mint: mints[0], interval: 'm1' }], largeTrades: true, ma: true }),
          )
        },
      })
      await byId(page, 'trade').first().waitFor()
      for (const [width, height] of WIDTHS) {
        await page.setViewportSize({ width, height })
        await look(page, VIEWS, { theme, scale, width, wrong })
      }
      assert.deepEqual(page.complaints, [])
      await page.unrouteAll({ behavior: 'ignoreErrors' })
      await page.context().close()

      if (scale > 1) return assert.deepEqual(wrong, [])
      const app = await open(browser, {
        theme,
        scale,
        routes: async (page) => {
          await page.addInitScript(shell, { form: FORM, first: true })
          await page.addInitScript((text) => localStorage.setItem('spinscope.prefs', text), '{"tour":"shown"}')
        },
      })
      for (const [width, height] of WIDTHS) {
        await app.setViewportSize({ width, height })
        await look(app, IN_APP, { theme, scale, width, wrong })
      }
      await app.context().close()
      assert.deepEqual(wrong, [])
    })
  }
}
