import { describe, expect, it } from 'vitest'
import type { Indicator, IndicatorBar } from '../indicator'
import { averageTrueRange } from './atr'
import { orderFlow } from './flow'
import { convergence } from './macd'
import { relativeStrength } from './rsi'

/** A walk that is the same in every run. */
function walk(count: number): IndicatorBar[] {
  let [state, close] = [12345, 10]
  const next = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648
  return Array.from({ length: count }, (_, i) => {
    const before = close
    close = Math.max(0.1, close * (0.95 + 0.1 * next()))
    const volume = Math.round(next() * 1000)
    return {
      time: 86_400 * 3 - 3000 + i * 60,
      close,
      high: Math.max(before, close) * 1.01,
      low: Math.min(before, close) * 0.99,
      volume,
      quote_volume: volume * close,
      buy_volume: Math.round(next() * volume),
    }
  })
}

const bars = walk(200)
const filled = (indicator: Indicator) => {
  indicator.fill(bars, 0)
  return indicator.lines
}
const kinds: [string, () => Indicator][] = [
  ['rsi', () => relativeStrength(14)],
  ['atr', () => averageTrueRange(14)],
  ['macd', () => convergence()],
  ['flow', () => orderFlow()],
]

it.each(kinds)('%s is the same bar by bar as in one go, and after a bar has changed', (_, make) => {
  const whole = filled(make())
  const live = make()
  for (let i = 1; i <= bars.length; i++) {
    const part = bars.slice(0, i)
    const last = part.at(-1)
    // The newest moves a few times before it stands.
    if (last) live.fill([...part.slice(0, -1), { ...last, close: last.close * 2, buy_volume: 0 }], i - 1)
    live.fill(part, i - 1)
  }
  expect(live.lines).toEqual(whole)
})

describe('rsi', () => {
  it('is that of its definition: smoothed gains over smoothed gains and losses', () => {
    const [values = []] = filled(relativeStrength(14))
    const changes = bars.map((bar, i) => bar.close - (bars[i - 1]?.close ?? bar.close))
    let gain = changes.slice(1, 15).reduce((sum, change) => sum + Math.max(change, 0), 0) / 14
    let loss = changes.slice(1, 15).reduce((sum, change) => sum + Math.max(-change, 0), 0) / 14
    expect(values.slice(0, 14)).toEqual(Array(14).fill(NaN))
    for (let i = 14; i < bars.length; i++) {
      if (i > 14) {
        gain = (gain * 13 + Math.max(changes[i] ?? 0, 0)) / 14
        loss = (loss * 13 + Math.max(-(changes[i] ?? 0), 0)) / 14
      }
      expect(values[i]).toBeCloseTo(100 - 100 / (1 + gain / loss), 9)
    }
  })

  it('is 100 where nothing fell, and 50 where nothing moved', () => {
    const of = (closes: number[]) => {
      const indicator = relativeStrength(2)
      indicator.fill(
        closes.map((close) => ({ ...walk(1)[0], close }) as IndicatorBar),
        0,
      )
      return indicator.lines[0]?.at(-1)
    }
    expect([of([1, 2, 3]), of([1, 1, 1]), of([3, 2, 1])]).toEqual([100, 50, 0])
  })
})

it('atr begins with the mean of the first ranges, the way from the last close included', () => {
  const [values = []] = filled(averageTrueRange(3))
  const ranges = bars.map((bar, i) => {
    const before = bars[i - 1]?.close
    return before === undefined
      ? bar.high - bar.low
      : Math.max(bar.high - bar.low, Math.abs(bar.high - before), Math.abs(bar.low - before))
  })
  let mean = ((ranges[0] ?? 0) + (ranges[1] ?? 0) + (ranges[2] ?? 0)) / 3
  expect(values.slice(0, 2)).toEqual([NaN, NaN])
  for (let i = 2; i < bars.length; i++) {
    if (i > 2) mean = (mean * 2 + (ranges[i] ?? 0)) / 3
    expect(values[i]).toBeCloseTo(mean, 9)
  }
})

it('macd is the quick average less the slow one, its signal the average of that', () => {
  const [apart = [], macd = [], signal = []] = filled(convergence())
  const ema = (list: number[], period: number) => {
    let value = list.slice(0, period).reduce((sum, one) => sum + one, 0) / period
    return list.map((one, i) => {
      if (i < period - 1) return NaN
      if (i >= period) value += (2 / (period + 1)) * (one - value)
      return value
    })
  }
  const closes = bars.map(({ close }) => close)
  const [fast, slow] = [ema(closes, 12), ema(closes, 26)]
  const want = closes.map((_, i) => (fast[i] ?? NaN) - (slow[i] ?? NaN))
  const smooth = [...Array<number>(25).fill(NaN), ...ema(want.slice(25), 9)]
  for (let i = 0; i < bars.length; i++) {
    if (i < 25) expect(macd[i]).toBeNaN()
    else expect(macd[i]).toBeCloseTo(want[i] ?? NaN, 9)
    if (i < 33) expect(signal[i]).toBeNaN()
    else expect(signal[i]).toBeCloseTo(smooth[i] ?? NaN, 9)
    if (i >= 33) expect(apart[i]).toBeCloseTo((want[i] ?? NaN) - (smooth[i] ?? NaN), 9)
  }
})

it('order flow adds up bought less sold, anew each UTC day', () => {
  const [delta = [], sum = []] = filled(orderFlow())
  let total = 0
  bars.forEach((bar, i) => {
    const moved = bar.buy_volume - (bar.volume - bar.buy_volume)
    total = bar.time % 86_400 === 0 ? moved : total + moved
    expect([delta[i], sum[i]]).toEqual([moved, total])
  })
})
