import { describe, expect, it } from 'vitest'
import { cumulated, depth, OpenPositions, type MarginEvent, MAX_POSITIONS } from './margin'

let slot = 0
const head = () => ({ signature: `s${++slot}`, slot, ordinal: 0, timestamp: '2025-08-04T09:05:07Z', payer: 'p' })
const open = (pda: string, type = 1, more: object = {}) =>
  ({
    ...head(),
    event_type: 'LongShort',
    user: 'u',
    order_type: type,
    order_pda: pda,
    latest_price: '300',
    price_exact: '3',
    lock_lp_start_price: '280',
    lock_lp_end_price: '270',
    lock_lp_sol_amount: 5e9,
    margin_sol_amount: 1,
    borrow_amount: 0,
    position_asset_amount: 0,
    ...more,
  }) as MarginEvent
const close = (pda: string) =>
  ({
    ...head(),
    event_type: 'FullClose',
    is_close_long: true,
    final_token_amount: 1,
    final_sol_amount: 1,
    order_pda: pda,
  }) as MarginEvent
const liquidate = (pda: string) => ({ ...head(), event_type: 'ForceLiquidate', order_pda: pda }) as MarginEvent

describe('OpenPositions', () => {
  it('knows what is open and in which range, in SOL', () => {
    const positions = new OpenPositions()
    expect(positions.take(open('a'))).toBe(true)
    expect(positions.take(open('b', 2, { lock_lp_start_price: '310', lock_lp_end_price: '320' }))).toBe(true)
    expect(positions.open.get('a')).toEqual({
      key: 'a',
      side: 'long',
      low: 2.7,
      high: expect.closeTo(2.8, 12),
      paid: 5,
    })
    expect(positions.open.get('b')).toMatchObject({ side: 'short', low: 3.1, high: 3.2 })
    expect(positions.take(close('a'))).toBe(true)
    expect(positions.take(close('unknown'))).toBe(false)
    expect([...positions.open.keys()]).toEqual(['b'])
  })

  it('stays bounded and refuses figures without sense', () => {
    const positions = new OpenPositions()
    for (let i = 0; i < MAX_POSITIONS + 10; i++) positions.take(open(`p${i}`))
    positions.take(liquidate('p0'))
    for (let i = 0; i < 20; i++) positions.take(open(`q${i}`))
    expect(positions.open.size).toBeLessThanOrEqual(MAX_POSITIONS)
    expect(positions.open.has('p0')).toBe(false)
    expect(new OpenPositions().take(open('z', 1, { price_exact: undefined }))).toBe(false)
    expect(new OpenPositions().take(open('z', 1, { lock_lp_start_price: '0' }))).toBe(false)
  })
})

it('adds up what lies at each row', () => {
  const ranges = [
    { top: 1, bottom: 3, size: 2 },
    { top: 2.2, bottom: 2.4, size: 0.1 },
    { top: -5, bottom: 1, size: 1 },
    { top: 4, bottom: 99, size: 4 },
    { top: 80, bottom: 90, size: 7 },
    { top: NaN, bottom: NaN, size: 7 },
  ]
  expect([...depth(ranges, 6)]).toEqual([1, 2, 2.1, 0, 4, 4].map((size) => expect.closeTo(size, 9)))
  expect(depth(ranges, 0)).toHaveLength(0)
})

describe('cumulated', () => {
  it('adds up from where the price comes, also what begins out of sight on the way', () => {
    const starts = [
      { row: -5, size: 1 },
      { row: 1.4, size: 2 },
      { row: 1.9, size: 4 },
      { row: 3, size: 8 },
      { row: 9, size: 16 },
    ]
    expect([...cumulated(starts, 5, true)]).toEqual([1, 7, 7, 15, 15])
    expect([...cumulated(starts, 5, false)]).toEqual([30, 30, 24, 24, 16])
    expect([...cumulated([], 2, true)]).toEqual([0, 0])
  })
})
