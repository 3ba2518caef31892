import { describe, expect, it } from 'vitest'
import { isListSort, nextSort, sortCoins, sortedBy } from './list-sort'
import { SOL } from './quote'

const coin = (name: string, part: Record<string, unknown>) => ({
  name,
  lastTrade: 5,
  created: 1,
  volume: 1,
  trades: 1,
  marketCap: 1,
  sold: NaN,
  price: 1,
  quote: SOL,
  ...part,
})

describe('the order of the list', () => {
  it('goes by the highest, the lowest, and then as the tab says', () => {
    expect(nextSort('cap', '')).toBe('market_cap_desc')
    expect(nextSort('cap', 'market_cap_desc')).toBe('market_cap_asc')
    expect(nextSort('cap', 'market_cap_asc')).toBe('')
    expect(nextSort('volume', 'market_cap_asc')).toBe('quote_volume_desc')
    expect([isListSort('created_asc'), isListSort(''), isListSort('name_asc'), isListSort(null)]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  it('says which way what is shown stands: the youngest first is the smallest age first', () => {
    expect(sortedBy('age', 'created_desc')).toBe('ascending')
    expect(sortedBy('last', 'last_trade_asc')).toBe('descending')
    expect(sortedBy('price', 'price_desc')).toBe('descending')
    expect(sortedBy('price', 'progress_desc')).toBeUndefined()
  })

  it('has what is not known last both ways, and amounts of different things apart', () => {
    const coins = [
      coin('usdc', { quote: { ...SOL, symbol: 'USDC' }, marketCap: 90 }),
      coin('none', { marketCap: NaN, created: 0 }),
      coin('small', { marketCap: 2, created: 7 }),
      coin('large', { marketCap: 8, created: 3, lastTrade: 6 }),
    ]
    const names = (list: { name: string }[]) => list.map(({ name }) => name).join(' ')
    const change = () => 0
    expect(names(sortCoins(coins, 'market_cap_desc', change))).toBe('large small usdc none')
    expect(names(sortCoins(coins, 'market_cap_asc', change))).toBe('small large usdc none')
    expect(names(sortCoins(coins, 'created_desc', change))).toBe('small large usdc none')
    // Of equals the one that traded last comes first.
    expect(names(sortCoins(coins, 'change_asc', change))).toBe('large usdc none small')
  })
})
