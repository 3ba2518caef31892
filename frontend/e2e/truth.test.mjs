// What the chart and the tape say is whole and rightly named: marks as far back as the bars, the last price wherever one
// looks, whose order was liquidated, prices that cannot be misread.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { ask, byId, debug, launch, leave, open, picture, until } from './page.mjs'
import { unlike, watchAxis } from './glyphs.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

/** The token with the most trades, at an interval, in a page of its own. */
async function busiest(interval, options = {}) {
  const { mints } = await ask('/api/mints?sort_by=volume_desc&limit=1')
  const prefs = { charts: [{ mint: mints[0], interval }], ...options.prefs }
  const page = await open(browser, {
    ...options,
    routes: async (page) => {
      await page.addInitScript((text) => localStorage.setItem('spinscope.prefs', text), JSON.stringify(prefs))
      await options.routes?.(page)
    },
  })
  return { page, mint: mints[0] }
}

/** Everything that the server has to mark, by candle, kind and side. */
async function allMarks(mint, interval, from, large) {
  const names = new Set()
  let cursor = ''
  do {
    const query = new URLSearchParams({ mint, interval, from, min_size: large, ...(cursor && { cursor }) })
    const answer = await ask(`/api/marks?${query}`)
    for (const { time, kind, side } of answer.marks) names.add(`${time} ${kind} ${side}`)
    cursor = answer.next_cursor
  } while (cursor)
  return names
}

test('liquidations and large trades are marked as far back as there are bars', async () => {
  let large = ''
  const { page, mint } = await busiest('m1', {
    prefs: { largeTrades: true },
    routes: (page) =>
      page.on('request', (request) => {
        const url = new URL(request.url())
        if (url.pathname === '/api/marks') large = url.searchParams.get('min_size') ?? ''
      }),
  })
  const chart = byId(page, 'chart')
  // All the history there is.
  for (let bars = -1; bars !== (await debug(page)).bars;) {
    bars = (await debug(page)).bars
    await page.evaluate(() => window.__spinscope.older())
  }
  const [first] = await page.evaluate(() => window.__spinscope.candles.map(({ time }) => time))
  await until('the page marks what the server has', async () => {
    const want = await allMarks(mint, 'm1', first, large)
    return want.size > 0 && Number(await chart.getAttribute('data-marks')) === want.size
  })
  assert.equal(await chart.getAttribute('data-marked-from'), null, 'nothing is left out')

  // Many of them are older than the newest thousand events: those alone would say that nothing happened before.
  const { events } = await ask(`/api/events?mint=${mint}&limit=1000`)
  const edge = Date.parse(events.at(-1).timestamp) / 1000
  const names = await allMarks(mint, 'm1', first, large)
  const older = [...names].filter((name) => Number(name.split(' ')[0]) < edge)
  assert.ok(older.length > 5, `${older.length} of ${names.size} marks are older than ${events.length} events`)
  await leave(page)
})

test('where marks cannot be read, a line says where they begin', async () => {
  const { page } = await busiest('m1', {
    routes: (page) =>
      page.route('**/api/marks?**', async (route) => {
        const url = new URL(route.request().url())
        if (url.searchParams.has('cursor'))
          return route.fulfill({ status: 500, json: { success: false, message: 'no' } })
        const answer = await (await route.fetch()).json()
        const times = answer.data.marks.map(({ time }) => time)
        const reached = times[Math.floor(times.length / 3)]
        answer.data.marks = answer.data.marks.filter(({ time }) => time > reached)
        Object.assign(answer.data, { reached, next_cursor: '1-0-0' })
        return route.fulfill({ json: answer })
      }),
  })
  await until('the chart says so', async () => Number(await byId(page, 'chart').getAttribute('data-marked-from')) > 0)
  await picture(page, 'marks-begin')
  await leave(page)
})

test('the price label is the last price, wherever one has scrolled', async () => {
  const { page } = await busiest('s1')
  const value = (text) =>
    Number(
      text
        .replace(/^[↑↓] /, '')
        .replaceAll(' ', '')
        .replace(/\((\d+)\)/, (_, zeros) => '0'.repeat(Number(zeros) - 1)),
    )
  await byId(page, 'chart').click()
  await page.keyboard.press('Home')
  await page.waitForTimeout(500)
  await until('the label is the last price', async () => {
    const { lastLabel, last } = await debug(page)
    return Math.abs(value(lastLabel) / last.close - 1) < 0.001
  })
  await picture(page, 'scrolled-back')
  await leave(page)
})

for (const theme of ['dark', 'light']) {
  test(`a liquidation is told as its owner's, in ${theme}`, async () => {
    const { page, mint } = await busiest('m1', { theme, width: 1440, height: 900 })
    const row = page.locator('[data-testid="trade"][data-kind="liq"]').first()
    await byId(page, 'tape').evaluate((tape) => tape.scrollTo(0, 1))
    await until('a liquidation is in the tape', async () => (await row.count()) > 0, 120_000)
    const key = await row.getAttribute('data-key')
    const { events } = await ask(`/api/events?mint=${mint}&limit=1000`)
    const event = events.find((one) => `${one.signature}:${one.ordinal}` === key)
    const opened = (await ask(`/api/user_event?user=${event.user}&mint=${mint}&limit=1000`)).transactions.filter(
      ({ event_data: one }) => one.order_pda === event.order_pda && one.event_type !== 'ForceLiquidate',
    )
    assert.equal(opened[0].event_data.user, event.user, 'the owner is who opened it')

    const side = event.order_type === 2 ? 'short' : 'long'
    const text = await row.textContent()
    assert.match(text, side === 'short' ? /LIQ S/ : /LIQ L/)
    assert.match(text, /\d/)
    await row.click()
    const card = byId(page, 'trade-card')
    const told = await card.textContent()
    for (const part of [`Liquidated ${side}`, 'Owner', 'Triggered by', 'From', 'To', 'SOL'])
      assert.ok(told.includes(part), part)
    assert.ok(told.indexOf(event.user.slice(0, 4)) < told.indexOf('Triggered by'), 'the owner comes first')

    // A hue of its own, on chart and tape.
    const hue = await page.evaluate(() => {
      const of = (name) => {
        const probe = document.createElement('i')
        probe.style.color = `var(${name})`
        document.body.append(probe)
        const [r, g, b] = getComputedStyle(probe)
          .color.match(/[\d.]+/g)
          .map(Number)
        probe.remove()
        const [max, min] = [Math.max(r, g, b), Math.min(r, g, b)]
        if (max === min) return NaN
        const turn =
          max === r ? (g - b) / (max - min) : max === g ? 2 + (b - r) / (max - min) : 4 + (r - g) / (max - min)
        return (turn * 60 + 360) % 360
      }
      return {
        tape: of('--liquidation'),
        chart: of('--chart-liquidation'),
        others: [
          '--chart-up',
          '--chart-down',
          '--chart-gap',
          '--chart-alert',
          '--caution',
          '--chart-ema',
          '--chart-vwap',
          '--chart-line',
        ].map(of),
      }
    })
    assert.equal(Math.round(hue.tape), Math.round(hue.chart))
    for (const other of hue.others) {
      const apart = Math.abs(((other - hue.chart + 540) % 360) - 180)
      assert.ok(apart > 40, `only ${apart} degrees apart`)
    }
    await picture(page, `liquidation-${theme}`)
    await leave(page)
  })
}

test('digits of a price that count its zeros cannot be taken for each other, at one device pixel', async () => {
  const { page } = await busiest('m1')
  const readable = async (what, text, font) => {
    const worst = await page.evaluate(unlike, { text, font })
    assert.ok(worst.share > 0.12 && worst.height >= 7, `${what}: ${JSON.stringify(worst)}`)
  }
  for (const id of ['price', 'legend-close', 'token-price', 'trade']) {
    const font = await byId(page, id)
      .first()
      .evaluate((node) => {
        const { fontSize, fontFamily, fontWeight } = getComputedStyle(node)
        return `${fontWeight} ${fontSize} ${fontFamily}`
      })
    const text = await byId(page, id === 'trade' ? 'legend-close' : id)
      .first()
      .textContent()
    await readable(id, text.trim(), font)
  }
  await page.evaluate(watchAxis)
  await byId(page, 'chart').click()
  await page.keyboard.press('f')
  const axis = await until('the axis is drawn', () => page.evaluate(() => window.axisPrice))
  await readable('axis', axis.text, axis.font)
  await leave(page)
})

test('the first look opens the first of the list', async () => {
  const page = await open(browser)
  const { mint } = await debug(page)
  assert.equal(mint, await byId(page, 'token-row').first().getAttribute('data-mint'))
  await leave(page)
})

test('what the header counts is of a period that it names, and moves with the market', async () => {
  const { page, mint } = await busiest('m1')
  const { events } = await ask(`/api/events?mint=${mint}&limit=1&order_by=slot_asc`)
  const first = new Date(events[0].timestamp)
  const clock = [first.getHours(), first.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':')
  const young = Date.now() - first.getTime() < 86_400_000
  await until('it names its period', async () =>
    (await byId(page, 'period').textContent()).includes(young ? `since ${clock}` : '24h'),
  )
  const before = await byId(page, 'trades').textContent()
  await until(
    'trades are counted as they come',
    async () => (await byId(page, 'trades').textContent()) !== before,
    10_000,
  )
  await leave(page)
})

test('where a history begins its hatch says so, and how to read on', async () => {
  const status = await ask('/api/events/status')
  const gap = {
    from_slot: 0,
    to_slot: status.slot - 8000,
    cause: 'history before backfill_limit',
    state: 'open',
    seq: 1,
  }
  const { page } = await busiest('m1', {
    routes: (page) =>
      page.route('**/api/gaps?*', (route) =>
        route.fulfill({ json: { success: true, message: '', data: { gaps: [gap], total: 1 } } }),
      ),
  })
  await byId(page, 'chart').click()
  await page.keyboard.press('f')
  const label = byId(page, 'history-begins')
  await label.waitFor()
  assert.match(await label.textContent(), /Not read before \d.*Load more/)
  await label.getByRole('button').click()
  await byId(page, 'gaps-dialog').waitFor()
  await leave(page)
})

test('a coin that is followed live only says since when, and that nothing before is here', async () => {
  const status = await ask('/api/events/status')
  const gap = {
    from_slot: 0,
    to_slot: status.slot - 8000,
    cause: 'followed live only: what was not told as it happened is not read back',
    state: 'unfillable',
    seq: 1,
  }
  const followed = [{ program: 'spinpet', state: 'live', slot: 1, message: '' }]
  const { page } = await busiest('m1', {
    routes: async (page) => {
      await page.route('**/api/gaps?*', (route) =>
        route.fulfill({ json: { success: true, message: '', data: { gaps: [gap], total: 1 } } }),
      )
      await page.route('**/api/events/status', (route) =>
        route.fulfill({ json: { success: true, message: '', data: { ...status, followed_programs: followed } } }),
      )
    },
  })
  await byId(page, 'chart').click()
  await page.keyboard.press('f')
  const label = byId(page, 'history-begins')
  await label.waitFor()
  assert.match(await label.textContent(), /Followed, live only, since \d.*: what was before is not here/)
  await byId(page, 'side-info').click()
  await until('the panel says so', async () => (await byId(page, 'info-followed').count()) > 0)
  assert.match(await byId(page, 'info-followed').textContent(), /all coins, live only/)
  await picture(page, 'live-only')
  await leave(page)
})

test('a saved picture is sharp, and says under its chart what is in it', async () => {
  const { page } = await busiest('m1')
  const chart = await byId(page, 'chart').boundingBox()
  const said = await page.evaluate(() => {
    window.said = []
    const { fillText } = CanvasRenderingContext2D.prototype
    CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
      if (!this.canvas.isConnected) window.said.push(String(text))
      return fillText.call(this, text, ...rest)
    }
    return window.said
  })
  assert.deepEqual(said, [])
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('p')])
  const bytes = readFileSync(await download.path())
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
  assert.ok(
    Math.abs(width - 2 * chart.width) <= 4 && height > 2 * chart.height,
    `${width} × ${height} of ${chart.width}`,
  )
  const text = (await page.evaluate(() => window.said)).join('\n')
  const { program_id: program } = await ask('/api/events/status')
  const symbol = await byId(page, 'symbol').textContent()
  for (const part of [symbol.trim(), '1 minute', 'simulated', ' to ', 'Saved ', 'last price', 'Mint ', program])
    assert.ok(text.includes(part), `${part} in ${text}`)
  await leave(page)
})
