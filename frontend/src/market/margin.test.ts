import { describe, expect, it } from 'vitest'
import { depth, MarginBook, type MarginEvent, MOST_HAPPENINGS, MOST_POSITIONS, toPosition } from './margin'

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
const buy = (sol: number) =>
  ({ ...head(), event_type: 'BuySell', is_buy: true, token_amount: 1, sol_amount: sol * 1e9 }) as MarginEvent

describe('MarginBook', () => {
  it('knows what is open and in which range, in SOL', () => {
    const book = new MarginBook()
    expect(book.take(open('a'))).toBe(true)
    expect(book.take(open('b', 2, { lock_lp_start_price: '310', lock_lp_end_price: '320' }))).toBe(true)
    expect(book.open.get('a')).toEqual({ key: 'a', side: 'long', low: 2.7, high: expect.closeTo(2.8, 12), sol: 5 })
    expect(book.open.get('b')).toMatchObject({ side: 'short', low: 3.1, high: 3.2 })
    expect(book.take(close('a'))).toBe(true)
    expect(book.take(close('unknown'))).toBe(false)
    expect([...book.open.keys()]).toEqual(['b'])
  })

  it('marks liquidations with the size of the order, each once', () => {
    const book = new MarginBook()
    book.take(open('a', 2))
    const event = liquidate('a')
    expect(book.take(event)).toBe(true)
    expect(book.take(event)).toBe(false)
    expect(book.take(liquidate('unknown'))).toBe(true)
    expect(book.happenings).toEqual([
      expect.objectContaining({ kind: 'liquidation', side: 'short', sol: 5, time: 1754298307 }),
      expect.objectContaining({ kind: 'liquidation', sol: NaN }),
    ])
    expect(book.open.size).toBe(0)
  })

  it('learns from recent events what is large, and leaves open orders alone', () => {
    const book = new MarginBook()
    book.seed([toPosition({ ...(open('a') as never as Parameters<typeof toPosition>[0]) }, 0.01)])
    book.recall([open('x'), liquidate('x'), ...Array.from({ length: 100 }, (_, i) => buy(i)), liquidate('a')])
    expect([...book.open.keys()]).toEqual(['a'])
    expect(book.happenings.map(({ kind, sol }) => [kind, sol])).toEqual([
      ['liquidation', 5],
      ['buy', 98],
      ['buy', 99],
      ['liquidation', 5],
    ])
    expect(book.take(buy(97))).toBe(false)
    expect(book.take(buy(200))).toBe(true)
  })

  it('stays bounded and refuses figures without sense', () => {
    const book = new MarginBook()
    for (let i = 0; i < MOST_POSITIONS + 10; i++) book.take(open(`p${i}`))
    for (let i = 0; i < MOST_HAPPENINGS + 10; i++) book.take(liquidate(`p${i}`))
    for (let i = 0; i < 20; i++) book.take(open(`q${i}`))
    expect(book.open.size).toBeLessThanOrEqual(MOST_POSITIONS)
    expect(book.happenings).toHaveLength(MOST_HAPPENINGS)
    expect(new MarginBook().take(open('z', 1, { price_exact: undefined }))).toBe(false)
    expect(new MarginBook().take(open('z', 1, { lock_lp_start_price: '0' }))).toBe(false)
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
