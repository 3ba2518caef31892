// Open orders to act on: how far each is, what falls with it, what it is worth; beside what the exported events say of them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { covered, cut } from './fit.mjs'
import { ask, base, byId, debug, drawn, launch, open, picture, until } from './page.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

/** The mint with the most open orders. */
async function busiest() {
  const { mints } = await ask('/api/mints?sort_by=volume_desc&limit=20')
  const counted = await Promise.all(
    mints.map(async (mint) => {
      const { up, down } = await ask(`/api/liquidations?mint=${mint}&limit=0`)
      return [up.total + down.total, mint]
    }),
  )
  return counted.sort((a, b) => b[0] - a[0])[0]
}

// The curve in whole numbers, by its definition: with K = 30 SOL · 1,073,000,000 tokens and a price of p, there are √(K·p) SOL.
const K = 30n * 1_073_000_000n
const GUARD = 15n

function root(n) {
  if (n < 2n) return n
  let x = 1n << BigInt((n.toString(2).length + 1) >> 1)
  for (;;) {
    const next = (x + n / x) >> 1n
    if (next >= x) return x
    x = next
  }
}

/** Lamports behind a price (a raw one with its decimals), times 10^GUARD. */
const reserve = (raw, decimals) => root((K * BigInt(raw) * 10n ** (18n + 2n * GUARD)) / 10n ** BigInt(decimals))

function between(a, b) {
  const moved = a > b ? a - b : b - a
  return (moved + 10n ** GUARD / 2n) / 10n ** GUARD
}

/** The orders that the events leave open, and the last price. */
async function folded(mint) {
  const text = await (await fetch(`${base}/api/export?kind=events&format=jsonl&mint=${mint}`)).text()
  const orders = new Map()
  let price
  for (const line of text.trim().split('\n')) {
    const event = JSON.parse(line)
    if (event.event_type === 'LongShort' || event.event_type === 'PartialClose') orders.set(event.order_pda, event)
    if (event.event_type === 'FullClose' || event.event_type === 'ForceLiquidate') orders.delete(event.order_pda)
    if (event.latest_price) price = event
  }
  return { orders, price }
}

test('what the API says of open orders follows from the exported events', async () => {
  const [count, mint] = await busiest()
  assert.ok(count > 1, 'a token has open orders')
  let told, known
  await until('both are of the same moment', async () => {
    told = await ask(`/api/liquidations?mint=${mint}&limit=1000`)
    known = await folded(mint)
    const again = await ask(`/api/liquidations?mint=${mint}&limit=1000`)
    return JSON.stringify(told) === JSON.stringify(again) && told.price_exact === String(known.price.price_exact)
  })
  assert.equal(told.up.total + told.down.total, known.orders.size)

  const near = (a, b) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b))
  for (const [side, short] of [
    [told.down, false],
    [told.up, true],
  ]) {
    const left = [...known.orders.values()].filter((order) => (order.order_type === 2) === short)
    const start = (order) => reserve(order.lock_lp_start_price, order.price_decimals)
    const end = (order) => reserve(order.lock_lp_end_price, order.price_decimals)
    const first = reserve(known.price.latest_price, known.price.price_decimals)
    const beyond = (a, b) => (short ? a > b : a < b)
    left.sort((a, b) => (start(a) === start(b) ? 0 : beyond(start(a), start(b)) ? 1 : -1))

    let at = first
    let needed = 0n
    let total = 0n
    let group = -1
    for (const [place, order] of left.entries()) {
      if (beyond(start(order), at)) {
        needed += between(at, start(order))
        at = start(order)
        group++
      }
      group = Math.max(group, 0)
      total += BigInt(order.lock_lp_sol_amount)
      if (beyond(end(order), at)) at = end(order)

      const one = side.orders[place]
      const what = `${one.order_pda}, place ${place}`
      assert.equal(one.order_pda, order.order_pda)
      assert.equal(one.group, group, what)
      assert.equal(BigInt(one.total_sol_amount), total, what)
      // Each step is rounded to a lamport of its own.
      assert.ok(
        Math.abs(Number(BigInt(one.needed_sol_amount) - needed)) <= place + 1,
        `${what}: ${one.needed_sol_amount}, ${needed}`,
      )
      const ratio = Number(order.lock_lp_start_price) / 10 ** order.price_decimals / Number(told.price_exact)
      assert.ok(near(one.distance, ratio - 1), what)

      const [tokens, moved] = short
        ? [order.borrow_amount, order.position_asset_amount]
        : [order.position_asset_amount, order.borrow_amount]
      if (Number(order.margin_sol_amount) > 0) assert.ok(near(one.leverage, moved / order.margin_sol_amount), what)
      assert.ok(near(one.entry_price * 1e8, (moved / 1e9 / (tokens / 1e6)) * 1e8), what)

      // Closing it now: the SOL of a trade of its tokens, from s = √(K·p) and t = K/s.
      const s = Number(first) / 10 ** Number(GUARD) / 1e9
      const t = Number(K) / s
      const after = short ? t - tokens / 1e6 : t + tokens / 1e6
      const worth = Math.abs(Number(K) / after - s) * 1e9
      const fee = (worth * told.swap_fee) / 100_000
      const margin = Number(order.margin_sol_amount)
      const gain = Math.max(short ? margin + Number(moved) - worth - fee : margin + worth - fee - Number(moved), 0)
      assert.ok(
        Math.abs(Number(one.close_sol_amount) - gain) <= 3 + gain * 1e-9,
        `${what}: ${one.close_sol_amount}, ${gain}`,
      )
      assert.equal(Number(one.profit_sol_amount), Number(one.close_sol_amount) - margin, what)
    }
    if (left.length > 0) {
      const together = side.orders.filter((one) => one.group === 0)
      assert.equal(side.cascade.orders, together.length)
      assert.equal(Number(side.cascade.sol_amount), Number(together.at(-1).total_sol_amount))
      assert.equal(side.next.sol_amount, side.orders[0].lock_lp_sol_amount)
    }
  }
})

for (const theme of ['dark', 'light']) {
  test(`open orders are listed, sorted and told in ${theme}`, async () => {
    const [, mint] = await busiest()
    const page = await open(browser, { theme, width: 1440, height: 900 })
    await page.locator(`[data-testid="token-row"][data-mint="${mint}"]`).click()
    await until('it is shown', async () => (await debug(page)).mint === mint)
    await byId(page, 'side-orders').click()
    const rows = byId(page, 'order')
    await until('orders are listed', async () => (await rows.count()) > 1)
    const read = (id) =>
      byId(page, id).evaluateAll((list) =>
        list.map((node) =>
          Number(
            node.textContent
              .replace('−', '-')
              .replace(/[%+\s]/g, '')
              .replace('k', 'e3'),
          ),
        ),
      )
    const rising = (list) => list.every((value, i) => i === 0 || list[i - 1] <= value)
    await until('the nearest come first on each side', async () => {
      const distances = await read('order-distance')
      const up = distances.filter((value) => value >= 0)
      const down = distances.filter((value) => value < 0).map((value) => -value)
      return rising(up) && rising(down)
    })
    const text = await page.locator('[data-testid^="next-"]').first().textContent()
    assert.match(text, /^next [+−]?[\d.]+%, [\d.]+k? SOL/)

    const long = page.locator('[data-testid="order"]:has(.up[data-testid="order-distance"]) [data-testid="order-size"]')
    const sizes = async () =>
      (await long.allTextContents()).map((text) => Number(text.replace('k', 'e3').replace('M', 'e6')))
    await byId(page, 'sort-size').click()
    await until('the largest come first', async () => rising((await sizes()).reverse()))
    assert.equal(await byId(page, 'sort-size').getAttribute('aria-pressed'), 'true')
    await byId(page, 'sort-size').press('Enter')
    await until('and last when asked again', async () => rising(await sizes()))

    await byId(page, 'sort-distance').click()
    await byId(page, 'orders').press('Enter')
    const card = byId(page, 'order-card')
    await card.waitFor()
    for (const fact of ['Leverage', 'Entry', 'Profit now', 'Trades until then', 'Falls up to it', 'Ends'])
      assert.match(await card.textContent(), new RegExp(fact))
    await drawn(page)
    await picture(page, `orders-${theme}-1440`)
    assert.deepEqual(await findings(page), [])
    assert.deepEqual([...(await covered(page)), ...(await cut(page))], [])

    await page.setViewportSize({ width: 390, height: 844 })
    await byId(page, 'panel-side').click()
    await drawn(page)
    await picture(page, `orders-${theme}-390`)
    assert.deepEqual(await findings(page), [])
    assert.deepEqual(page.complaints, [])
    await page.context().close()
  })
}
