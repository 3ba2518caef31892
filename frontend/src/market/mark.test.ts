import { describe, expect, it } from 'vitest'
import { type Mark, RecentMarks, MAX_MARKS } from './mark'
import { toTrade, type TapeEvent } from './trade'

let slot = 0
const head = (seconds: number) => ({
  signature: `s${++slot}`,
  slot,
  ordinal: 0,
  timestamp: new Date(seconds * 1000).toISOString(),
  payer: 'payer',
})
const trade = (seconds: number, paid: number, is_buy = true): TapeEvent => ({
  ...head(seconds),
  event_type: 'BuySell',
  is_buy,
  token_amount: 1,
  sol_amount: paid * 1e9,
})
const known = {
  user: 'owner',
  order_type: 2,
  lock_lp_start_price: '280',
  lock_lp_end_price: '300',
  price_decimals: 10,
  borrow_amount: 7e6,
  position_asset_amount: 2e9,
}
const liquidation = (seconds: number, order: Partial<typeof known> = known): TapeEvent => ({
  ...head(seconds),
  event_type: 'ForceLiquidate',
  ...order,
})

describe('the marks of a series', () => {
  it('are what the server added up, and each event after that, once', () => {
    const marks = new RecentMarks('m1', 5)
    const answer = { time: 60, kind: 'liquidation', side: 'short', count: 3, quote_volume: 9 } as const
    marks.add([answer, { time: 0, kind: 'large_trade', side: 'sell', count: 1, quote_volume: 6 }], 30)
    // The candle that two answers share.
    marks.add(
      [
        { ...answer, time: 0, side: 'unknown', count: 1, quote_volume: null },
        { ...answer, count: 1, quote_volume: 1 },
      ],
      0,
    )
    const again = liquidation(61)
    expect(
      [again, again, liquidation(119, {}), trade(119, 5), trade(119, 4.9), trade(120, 7)].map((e) => marks.happen(e)),
    ).toEqual([true, false, true, true, false, true])
    expect(marks.from).toBe(0)
    expect([...marks.list].sort((a, b) => a.time - b.time || (a.kind < b.kind ? -1 : 1))).toEqual<Mark[]>([
      { time: 0, kind: 'liquidation', count: 1, paid: 0, unknown: 1 },
      { time: 0, kind: 'sell', count: 1, paid: 6, unknown: 0 },
      { time: 60, kind: 'buy', count: 1, paid: 5, unknown: 0 },
      { time: 60, kind: 'liquidation', side: 'short', count: 5, paid: 12, unknown: 0 },
      { time: 60, kind: 'liquidation', count: 1, paid: 0, unknown: 1 },
      { time: 120, kind: 'buy', count: 1, paid: 7, unknown: 0 },
    ])
  })

  it('are bounded, and say from where they are whole', () => {
    const marks = new RecentMarks('m1', Infinity)
    const many = Array.from(
      { length: MAX_MARKS + 5 },
      (_, i) => ({ time: i * 60, kind: 'liquidation', side: 'long', count: 1, quote_volume: 1 }) as const,
    )
    marks.add(many, 0)
    expect(marks.list).toHaveLength(MAX_MARKS)
    expect(marks.from).toBe(5 * 60)
  })
})

it("a liquidation is its owner's, with the side, the size and the range of the order; the payer only set it off", () => {
  expect(toTrade(liquidation(61))).toMatchObject({
    kind: 'liq',
    account: 'owner',
    payer: 'payer',
    tokens: 7,
    paid: 2,
    price: 2.8e-8,
    order: { side: 'short', from: 2.8e-8, to: 3e-8 },
  })
  expect(toTrade(liquidation(61, { ...known, order_type: 1 }))).toMatchObject({
    tokens: 2000,
    paid: 0.007,
    order: { side: 'long' },
  })
  const unknown = toTrade(liquidation(61, {}))
  expect(unknown).toMatchObject({ kind: 'liq', account: '', payer: 'payer', paid: NaN })
  expect(unknown?.order).toBeUndefined()
})

it('marks the candle in which a coin graduates, once', () => {
  const marks = new RecentMarks('m1', Infinity)
  marks.add([{ time: 60, kind: 'graduation', side: 'none', count: 1, quote_volume: null }], 0)
  const event = {
    event_type: 'Graduated',
    user: 'U',
    signature: 's',
    slot: 1,
    ordinal: 0,
    timestamp: new Date(125_000).toISOString(),
  } as TapeEvent
  expect([marks.happen(event), marks.happen(event)]).toEqual([true, false])
  expect(marks.list.map(({ time, kind, count }) => [time, kind, count])).toEqual([
    [60, 'graduation', 1],
    [120, 'graduation', 1],
  ])
})
