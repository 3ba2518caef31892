import { expect, it } from 'vitest'
import { HeikinAshi, heikinAshi } from './heikin'

const bar = (open: number, high: number, low: number, close: number) => ({ open, high, low, close })

it('begins in the middle of the one before, and ends at the mean of the candle', () => {
  expect(heikinAshi(bar(10, 16, 8, 14), undefined)).toEqual(bar(12, 16, 8, 12))
  expect(heikinAshi(bar(14, 20, 13, 19), bar(12, 16, 8, 12))).toEqual(bar(12, 20, 12, 16.5))
  // It reaches what it begins and ends at, also where the candle does not.
  expect(heikinAshi(bar(5, 6, 5, 6), bar(12, 16, 8, 12))).toEqual(bar(12, 12, 5, 5.5))
})

it('computes a part anew as it would the whole', () => {
  const bars = Array.from({ length: 50 }, (_, i) => bar(i % 7, (i % 7) + 3, i % 7, (i % 5) + 1))
  const [whole, part] = [new HeikinAshi(), new HeikinAshi()]
  part.fill(bars, 0)
  bars[30] = bar(9, 30, 1, 12)
  part.fill(bars, 30)
  whole.fill(bars, 0)
  for (let i = 0; i < bars.length; i++) expect(part.at(i)).toEqual(whole.at(i))
  expect(whole.at(bars.length)).toBeUndefined()
})
