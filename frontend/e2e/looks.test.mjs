// How the window looks where there is little room: nothing is cut without saying the whole, nothing lies over what
// matters, and the ways out of a view stay in sight.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { cut } from './fit.mjs'
import { byId, closeDialog, drawn, launch, leave, open, until } from './page.mjs'
import { FORM, shell } from './shell.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const small = { width: 960, height: 600 }
/** Of a legend, in CSS pixels. */
const LINE = 18

test('four small charts have legends of one line; the one with the crosshair tells all', async () => {
  const page = await open(browser, small)
  for (const key of ['Alt+4', 'm', 'n', 'w']) await page.keyboard.press(key)
  const legends = byId(page, 'legend')
  const seen = () =>
    legends.evaluateAll((list) =>
      list.map((legend) => {
        const box = legend.getBoundingClientRect()
        const inside = (id) => {
          const part = legend.querySelector(`[data-testid="legend-${id}"]`)?.getBoundingClientRect()
          return part !== undefined && part.bottom <= box.bottom + 1 && part.right <= box.right + 1
        }
        return { height: box.height, name: inside('name'), high: inside('high'), ma: inside('ma') }
      }),
    )
  await until('four are drawn, a line each', async () => {
    const list = await seen()
    return list.length === 4 && list.every(({ height, name, high }) => height > 0 && height <= LINE && name && !high)
  })
  assert.match(await byId(page, 'legend-name').first().getAttribute('title'), /, 1 minute$/)
  const box = await byId(page, 'chart').first().boundingBox()
  await until('the first tells all', async () => {
    await page.mouse.move(box.x + box.width * (0.4 + Math.random() / 50), box.y + box.height * 0.8)
    const [first, ...others] = await seen()
    return first.height > LINE && first.high && first.ma && others.every(({ height }) => height <= LINE)
  })
  await page.mouse.move(2, 590)
  await until('it is one line again', async () => (await seen()).every(({ height }) => height <= LINE))
  assert.deepEqual(page.complaints, [])
  await page.context().close()
})

test('what is under the pointer is told inside its chart', async () => {
  const page = await open(browser, small)
  await byId(page, 'token-row').first().click() // the one most traded has orders
  await page.keyboard.press('Alt+4')
  const chart = byId(page, 'chart').nth(1)
  await until('orders are drawn', async () => Number(await chart.getAttribute('data-bands')) > 0)
  const box = await chart.boundingBox()
  const bars = await chart.locator('td:has(canvas)').first().boundingBox() // left of the prices, where the bands end
  const tip = chart.locator('[data-testid="tip"]')
  const sweep = async () => {
    for (let y = 30; y < box.height - 40; y += 4) {
      await page.mouse.move(bars.x + bars.width - 8, box.y + y)
      await drawn(page)
      const [told] = await tip.evaluateAll((list) =>
        list.map((node) => node.getBoundingClientRect()).map(({ x, width }) => ({ x, width })),
      )
      if (told) return told
    }
    return null
  }
  const told = await until('one has something to tell', sweep)
  assert.ok(told.x >= box.x && told.x + told.width <= box.x + box.width, JSON.stringify({ told, box }))
  await page.context().close()
})

for (const size of [small, { width: 1280, height: 800 }]) {
  test(`no text is cut without its whole at ${size.width}x${size.height}`, async () => {
    const page = await open(browser, size)
    await byId(page, 'trade').first().waitFor()
    const again = (key) => async () => {
      if ((await page.locator('dialog').count()) > 0) await closeDialog(page)
      await page.keyboard.press(key)
    }
    const views = [
      ['trades', () => byId(page, 'side-trades').click()],
      ['a trade', () => byId(page, 'trade').first().click()],
      ['orders', () => byId(page, 'side-orders').click()],
      ['info', () => byId(page, 'side-info').click()],
      ['new alert', () => page.keyboard.press('Shift+A')],
      ['move', () => byId(page, 'alert-kind').selectOption('percent_move')],
      ['tokens to choose', () => byId(page, 'alert-symbol').click()],
      ['alerts', () => byId(page, 'alerts-rules').click()],
      ['four charts', () => page.keyboard.press('Alt+4')],
      ['layers', again('o')],
      ['export', again('e')],
      ['shortcuts', again('?')],
      ['connect', again('x')],
      ['frames', again('q')],
      ['health', again('Shift+H')],
      ['commands', again('Control+k')],
      ['settings', again('Control+,')],
    ]
    for (const [name, show] of views) {
      await show()
      await drawn(page)
      assert.deepEqual(await cut(page), [], name)
    }
    assert.deepEqual(page.complaints, [])
    await page.context().close()
  })
}

/** What of the status line sticks out, is cut or lies over what stands before it. */
async function crowded(page) {
  const parts = await page.locator('footer:has([data-testid="shortcuts"]) > *').evaluateAll((list) =>
    list
      .map((part) => ({ part, box: part.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0)
      .map(({ part, box: { left, right } }) => {
        const cut = part.scrollWidth > part.clientWidth + 1
        return { id: part.dataset.testid ?? part.className, left, right, cut }
      }),
  )
  assert.ok(parts.some(({ id }) => id === 'shortcuts'))
  return parts
    .filter(
      ({ left, right, cut }, place) => right > small.width || cut || (place > 0 && left < parts[place - 1].right - 1),
    )
    .map(({ id }) => id)
}

test('a busy status line keeps its buttons in a small window', async () => {
  let now = {}
  const page = await open(browser, {
    ...small,
    routes: async (page) => {
      await page.addInitScript(shell, { form: FORM, first: false })
      const also = (path, change) =>
        page.route(path, async (route) => {
          const { data } = await (await route.fetch()).json()
          change(data)
          await route.fulfill({ json: { success: true, message: '', data } })
        })
      await also('**/api/events/status', (data) => Object.assign(data, { slot: 312_004_117 }, now))
      await also('**/api/kline/status', ({ stats }) =>
        Object.assign(stats, { active_connections: 123, gaps_open: 114 }),
      )
    },
  })
  const cases = [
    ['live', { last_error: '', connection_status: 'connected', lag_slots: 2 }],
    ['live', { last_error: 'rate limited, pausing 2s' }],
    ['behind', { lag_slots: 12_345 }],
    ['down', { connection_status: 'reconnecting', last_error: 'no route', failures: 3 }],
    ['off', { connection_status: 'disabled' }],
  ]
  for (const [state, answer] of cases) {
    now = answer
    await until(`the state is ${state}`, async () => (await byId(page, 'status').getAttribute('data-state')) === state)
    await until(
      'errors are told',
      async () => (state === 'live' && !!answer.last_error) === (await byId(page, 'hiccup').count()) > 0,
    )
    assert.deepEqual(await crowded(page), [], `${state} ${JSON.stringify(answer)}`)
  }
  now = { lag_slots: 12_345 }
  const path = '/home/anna/Documents/a folder of a long name/SPT-m1.parquet'
  const told = { path, rows: 1_234_567, part: 0.5, left: 3599 }
  const ended = { path, rows: 1_234_567, bytes: 1, gaps: 0, stopped: false, error: '' }
  for (const [name, value, state] of [
    ['export:progress', told, 'running'],
    ['export:end', ended, 'done'],
    ['export:end', { ...ended, error: `${path}: the disk is full` }, 'failed'],
  ]) {
    await page.evaluate(([name, value]) => window.tell(name, value), [name, value])
    await until(`it is ${state}`, async () => (await byId(page, 'export-state').getAttribute('data-state')) === state)
    // What went wrong may be long: the whole of it is in the title, and in the dialog.
    const found = (await crowded(page)).filter((id) => id !== 'export-state' || state !== 'failed')
    assert.deepEqual(found, [], `an export that is ${state}`)
  }
  await leave(page)
})

test('a long dialog keeps its head in sight', async () => {
  const page = await open(browser, small)
  await page.keyboard.press('Shift+H')
  const dialog = byId(page, 'health-dialog')
  await byId(page, 'log-record').first().waitFor()
  await dialog.evaluate((node) => (node.scrollTop = node.scrollHeight))
  assert.ok((await dialog.evaluate((node) => node.scrollTop)) > 0, 'it scrolls')
  const [around, close] = [
    await dialog.boundingBox(),
    await dialog.getByRole('button', { name: 'Close' }).boundingBox(),
  ]
  assert.ok(close.y >= around.y && close.y < around.y + 40, 'the cross is at the top')
  await page.context().close()
})

test('in the narrowest pane addresses and their buttons do not lie over their names', async () => {
  const page = await open(browser, {
    routes: async (page) => {
      await page.addInitScript(() =>
        localStorage.setItem('spinscope.prefs', JSON.stringify({ side: 'info', right: 200 })),
      )
      // Of the demo market no explorer is asked.
      await page.route('**/api/events/status', async (route) => {
        const { data } = await (await route.fetch()).json()
        await route.fulfill({ json: { success: true, message: '', data: { ...data, cluster: 'mainnet' } } })
      })
    },
  })
  await byId(page, 'explore-token-pool').waitFor()
  const over = await byId(page, 'info').evaluate((info) =>
    [...info.querySelectorAll('dt')]
      .filter((name) => {
        const range = document.createRange()
        range.selectNodeContents(name)
        const [label, value] = [
          range.getBoundingClientRect(),
          name.nextElementSibling.firstElementChild?.getBoundingClientRect(),
        ]
        return value && value.top < label.bottom && value.bottom > label.top && value.left < label.right + 2
      })
      .map(({ textContent }) => textContent),
  )
  assert.deepEqual(over, [])
  await page.context().close()
})
