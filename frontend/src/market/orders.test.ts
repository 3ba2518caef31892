import { describe, expect, it } from 'vitest'
import { cascadeText, type OpenOrder, openOrder, ORDER_SORTS, sortOrders, type ToldOrder } from './orders'

const wire = (more: Partial<ToldOrder> = {}): ToldOrder =>
  ({
    order_type: 1,
    order_pda: 'A',
    price_decimals: 3,
    lock_lp_start_price: '900',
    lock_lp_end_price: '800',
    lock_lp_sol_amount: 2_000_000_000,
    margin_sol_amount: '500000000',
    total_sol_amount: 3_000_000_000,
    needed_sol_amount: 1_000_000_000,
    leverage: 4,
    entry_price: 1.1,
    profit_sol_amount: -100_000_000,
    end_time: 1100,
    group: 0,
    ...more,
  }) as ToldOrder

describe('openOrder', () => {
  it('tells an order’s figures at a price', () => {
    expect(openOrder(wire(), 1, 1000, 1e9)).toEqual({
      order: wire(),
      side: 'long',
      price: 0.9,
      end: 0.8,
      distance: expect.closeTo(-0.1, 12) as number,
      size: 2,
      total: 3,
      needed: 1,
      margin: 0.5,
      leverage: 4,
      entry: 1.1,
      profit: -0.1,
      gain: -0.2,
      left: 100,
    })
  })

  it('knows no more than it was told', () => {
    const bare = { leverage: null, entry_price: null, profit_sol_amount: null, margin_sol_amount: 0, order_type: 2 }
    const one = openOrder(wire(bare), NaN, 2000, 1e9)
    expect([one.side, one.distance, one.leverage, one.entry, one.profit, one.gain, one.left]).toEqual([
      'short',
      NaN,
      NaN,
      NaN,
      NaN,
      NaN,
      -900,
    ])
  })
})

describe('sortOrders', () => {
  const list = [
    wire({ order_pda: 'far', lock_lp_start_price: '500', leverage: 9, profit_sol_amount: 5, end_time: 1001 }),
    wire({ order_pda: 'near', lock_lp_start_price: '990', leverage: 2, profit_sol_amount: -7, end_time: 1050 }),
    wire({ order_pda: 'dull', lock_lp_start_price: '700', leverage: null, profit_sol_amount: null, end_time: 1020 }),
  ].map((order) => openOrder(order, 1, 1000, 1e9))
  const names = (sorted: OpenOrder[]) => sorted.map(({ order }) => order.order_pda)

  it('puts the nearest, the least time and else the most first, and what is not known last', () => {
    expect(names(sortOrders(list, 'distance'))).toEqual(['near', 'dull', 'far'])
    expect(names(sortOrders(list, 'left'))).toEqual(['far', 'dull', 'near'])
    expect(names(sortOrders(list, 'leverage'))).toEqual(['far', 'near', 'dull'])
    expect(names(sortOrders(list, 'profit'))).toEqual(['far', 'near', 'dull'])
    expect(names(sortOrders(list, 'price'))).toEqual(['near', 'dull', 'far'])
  })

  it('turns round, but for what is not known', () => {
    expect(names(sortOrders(list, 'profit', true))).toEqual(['near', 'far', 'dull'])
    expect(names(sortOrders(list, 'distance', true))).toEqual(['far', 'dull', 'near'])
  })

  it('changes no list, whatever it sorts by', () => {
    const before = [...list]
    for (const by of ORDER_SORTS) expect(new Set(sortOrders(list, by))).toEqual(new Set(before))
    expect(list).toEqual(before)
  })
})

it('says what a moving price meets', () => {
  const sol = (base: number | string) => `${Number(base) / 1e9} SOL`
  const side = {
    next: { price: 1, distance: -0.031, sol_amount: 12e9, needed_sol_amount: 1 },
    cascade: { orders: 3, price: 1, distance: -0.09, sol_amount: '80000000000' },
  }
  expect(cascadeText(side, sol)).toBe('next −3.10%, 12 SOL; with it 2 more to −9.00%, 80 SOL')
  expect(cascadeText({ ...side, cascade: { ...side.cascade, orders: 1 } }, sol)).toBe('next −3.10%, 12 SOL')
  expect(cascadeText({ ...side, next: null, cascade: null }, sol)).toBe('')
  expect(cascadeText(null, sol)).toBe('')
})
