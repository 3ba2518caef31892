import { describe, expect, it } from 'vitest'
import { filterQuery, filters, filterWords, isListFilter, NO_FILTER } from './list-filter'

describe('which coins are listed', () => {
  it('asks the server for nothing where nothing is chosen', () => {
    expect(filters(NO_FILTER)).toBe(false)
    expect(filterQuery(NO_FILTER)).toEqual({})
    expect(filterWords(NO_FILTER)).toBe('')
  })

  it('asks for what is chosen, as the server reads it', () => {
    const filter = { volume: 2.5, trades: 10, hours: 0.5 }
    expect(filters(filter)).toBe(true)
    expect(filterQuery(filter)).toEqual({ min_quote_volume: '2.500000000', min_trades: 10, max_age: 1800 })
    expect(filterWords(filter)).toBe('from 2.5 paid and 10 trades, up to 0.5 h old')
    expect(filterQuery({ ...NO_FILTER, volume: 1e9 })).toEqual({ min_quote_volume: '1000000000.000000000' })
    expect(filterQuery({ ...NO_FILTER, volume: 1e-7 })).toEqual({ min_quote_volume: '0.000000100' })
  })

  it('bounds market cap and progress from both sides', () => {
    const filter = { ...NO_FILTER, capFrom: 30, capTo: 80.5, soldTo: 62.5 }
    expect(filters(filter)).toBe(true)
    expect(filterQuery(filter)).toEqual({
      min_market_cap: '30.000000000',
      max_market_cap: '80.500000000',
      max_progress: '0.625000000',
    })
    expect(filterWords(filter)).toBe('market cap from 30 up to 80.5, sold of the curve up to 62.5%')
    expect(isListFilter(filter)).toBe(true)
    for (const wrong of [{ soldFrom: 101 }, { soldTo: -1 }, { capFrom: NaN }, { capTo: '5' }])
      expect(isListFilter({ ...NO_FILTER, ...wrong })).toBe(false)
  })

  it('takes numbers that make sense only', () => {
    for (const wrong of [
      null,
      1,
      {},
      { ...NO_FILTER, volume: -1 },
      { ...NO_FILTER, trades: 1.5 },
      { ...NO_FILTER, hours: 1e7 },
      { ...NO_FILTER, volume: NaN },
    ]) {
      expect(isListFilter(wrong)).toBe(false)
    }
    expect(isListFilter({ volume: 0.1, trades: 3, hours: 24 })).toBe(true)
  })
})
