import { describe, expect, it } from 'vitest'
import { EVERYTHING, narrows, passes, type TapeFilter } from './tape-filter'
import type { Trade } from './trade'

const trade = (more: Partial<Trade>): Trade =>
  ({ kind: 'buy', side: 'buy', paid: 1, account: 'Alice', payer: 'Paul', ...more }) as Trade

const trades = {
  buy: trade({}),
  sell: trade({ kind: 'sell', side: 'sell', paid: 5, account: 'Bob' }),
  long: trade({ kind: 'long', paid: 3 }),
  liquidation: trade({ kind: 'liq', side: 'none', paid: 2, account: 'Carol', payer: 'Bob' }),
  unknown: trade({ kind: 'liq', side: 'none', paid: NaN, account: '' }),
  created: trade({ kind: 'new', side: 'none', paid: 0 }),
}
const left = (filter: Partial<TapeFilter>) =>
  Object.entries(trades)
    .filter(([, one]) => passes(one, { ...EVERYTHING, ...filter }))
    .map(([name]) => name)

describe('the tape’s filter', () => {
  it('leaves nothing out unless asked', () => {
    expect(left({})).toEqual(Object.keys(trades))
    expect(narrows(EVERYTHING)).toBe(false)
  })

  it.each([
    [{ kind: 'buys' as const }, ['buy', 'long']],
    [{ kind: 'sells' as const }, ['sell']],
    [{ kind: 'margin' as const }, ['long', 'liquidation', 'unknown']],
    [{ kind: 'liquidations' as const }, ['liquidation', 'unknown']],
    [{ least: 2 }, ['sell', 'long', 'liquidation']],
    [{ account: 'Bob' }, ['sell', 'liquidation']],
    [{ account: 'Bob', kind: 'liquidations' as const, least: 3 }, []],
  ])('by %j lists %j', (filter, want) => {
    expect(left(filter)).toEqual(want)
    expect(narrows({ ...EVERYTHING, ...filter })).toBe(true)
  })
})
