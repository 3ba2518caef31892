import { expect, it } from 'vitest'
import { quoteDecimals, quoteOf, SOL } from './quote'

it('takes what a coin is paid in from what the server says', () => {
  expect(quoteOf(null)).toBeNull()
  expect(quoteOf({})).toEqual(SOL) // the first program says nothing
  expect(quoteOf({ quote_symbol: 'SOL', quote_decimals: 9 })).toEqual(SOL)
  expect(quoteOf({ quote_symbol: 'USDC', quote_decimals: 6 })).toEqual({ symbol: 'USDC', decimals: 6 })
})

it('knows the decimals of what trades are paid in', () => {
  expect(quoteDecimals('So11111111111111111111111111111111111111112')).toBe(9)
  expect(quoteDecimals('EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v')).toBe(6)
  expect(quoteDecimals('another coin')).toBe(6)
})
