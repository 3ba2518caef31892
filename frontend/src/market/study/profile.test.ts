import { expect, it } from 'vitest'
import type { IndicatorBar } from '../indicator'
import { volumeProfile } from './profile'

/** The same numbers in every run, from 0 to 1. */
function dice(seed: number): () => number {
  return () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647
}

function bar(low: number, high: number, volume: number, bought: number): IndicatorBar {
  return { time: 0, low, high, close: high, volume, buy_volume: bought, quote_volume: 0 }
}

/** What each row has by the definition alone: of each bar the part of its range that lies in the row. */
function naive(bars: readonly IndicatorBar[], rows: number, on: (price: number) => number) {
  const low = on(Math.min(...bars.map((one) => one.low)))
  const high = on(Math.max(...bars.map((one) => one.high)))
  return Array.from({ length: rows }, (_, row) => {
    const [bottom, top] = [low + ((high - low) * row) / rows, low + ((high - low) * (row + 1)) / rows]
    let [bought, sold] = [0, 0]
    for (const one of bars) {
      const [from, to] = [on(one.low), on(one.high)]
      const place = Math.min(rows - 1, Math.floor(((from - low) / (high - low)) * rows))
      const inside = Math.max(0, Math.min(to, top) - Math.max(from, bottom))
      const part = to > from ? inside / (to - from) : Number(place === row)
      bought += part * one.buy_volume
      sold += part * (one.volume - one.buy_volume)
    }
    return { bought, sold }
  })
}

it.each([
  ['prices', false],
  ['ratios', true],
] as const)('is, by %s, what the parts of all candles come to', (_, log) => {
  const random = dice(11)
  for (let round = 0; round < 40; round++) {
    const bars = Array.from({ length: 1 + Math.floor(random() * 60) }, () => {
      const low = 1e-8 * (1 + 9 * random())
      const volume = Math.round(1000 * random())
      return bar(low, random() < 0.2 ? low : low * (1 + random()), volume, Math.floor(volume * random()))
    })
    bars.push(bar(9e-9, 2.5e-7, 7, 3))
    const rows = 1 + Math.floor(random() * 48)
    const want = naive(bars, rows, log ? Math.log : (price) => price)
    const got = volumeProfile(bars, rows, log)
    if (!got) throw new Error('there was volume')

    want.forEach(({ bought, sold }, row) => {
      expect(Math.abs((got.bought[row] ?? NaN) - bought)).toBeLessThan(1e-6)
      expect(Math.abs((got.sold[row] ?? NaN) - sold)).toBeLessThan(1e-6)
    })
    const sizes = want.map(({ bought, sold }) => bought + sold)
    expect(sizes[got.most]).toBeCloseTo(Math.max(...sizes), 6)
    expect(got.price(0) / 9e-9).toBeCloseTo(1, 9)
    expect(got.price(rows) / 2.5e-7).toBeCloseTo(1, 9)
  }
})

it('has one row of candles that all stand at one price', () => {
  const found = volumeProfile([bar(2e-8, 2e-8, 10, 4), bar(2e-8, 2e-8, 5, 5)], 8, false)
  expect([found?.most, found?.bought[0], found?.sold[0]]).toEqual([0, 9, 6])
  expect((found?.price(0.5) ?? NaN) / 2e-8).toBeCloseTo(1, 4)
})

it('is none where nothing was traded', () => {
  expect(volumeProfile([], 8, false)).toBeUndefined()
  expect(volumeProfile([bar(1, 2, 0, 0)], 8, true)).toBeUndefined()
})
