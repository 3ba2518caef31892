import type { Candle } from './candle'

/** What a line over the candles is reckoned from. */
export type IndicatorBar = Pick<Candle, 'time' | 'close' | 'volume' | 'quote_volume'>

export type IndicatorName = 'ma' | 'ema' | 'vwap'

/** Bars that an average may span. */
export const PERIODS = [2, 500] as const

const DAY = 86_400

/**
 * A line over the candles: one value per bar, NaN where there is none yet. `fill` reckons the values anew from bar
 * `from` on; what stands before it is taken as right, so that a push costs one value and not the whole line.
 */
export interface Indicator {
  readonly name: IndicatorName
  readonly values: number[]
  fill(bars: readonly IndicatorBar[], from: number): void
}

/** The mean of the last `period` closes. */
export function movingAverage(period: number): Indicator {
  const values: number[] = []
  return {
    name: 'ma',
    values,
    fill(bars, from) {
      values.length = bars.length
      // A window's own sum each time: a running one would gather rounding errors over a day of ticks.
      for (let i = from; i < bars.length; i++) values[i] = mean(bars, i - period + 1, i)
    },
  }
}

/** The exponential mean with weight 2/(period+1), begun by the plain mean of the first `period` closes. */
export function exponentialAverage(period: number): Indicator {
  const values: number[] = []
  const weight = 2 / (period + 1)
  return {
    name: 'ema',
    values,
    fill(bars, from) {
      values.length = bars.length
      for (let i = from; i < bars.length; i++) {
        const [before, close] = [values[i - 1] ?? NaN, bars[i]?.close ?? NaN]
        values[i] = Number.isNaN(before) ? mean(bars, i - period + 1, i) : before + weight * (close - before)
      }
    },
  }
}

/** The price paid per token on average since midnight UTC, from what was really traded: SOL over tokens. */
export function volumeWeightedPrice(): Indicator {
  const values: number[] = []
  const quote: number[] = []
  const tokens: number[] = []
  return {
    name: 'vwap',
    values,
    fill(bars, from) {
      for (const list of [values, quote, tokens]) list.length = bars.length
      for (let i = from; i < bars.length; i++) {
        const [bar, before] = [bars[i], bars[i - 1]]
        if (!bar) break
        const sameDay = before !== undefined && Math.floor(before.time / DAY) === Math.floor(bar.time / DAY)
        quote[i] = bar.quote_volume + (sameDay ? (quote[i - 1] ?? 0) : 0)
        tokens[i] = bar.volume + (sameDay ? (tokens[i - 1] ?? 0) : 0)
        const [sol, size] = [quote[i] ?? 0, tokens[i] ?? 0]
        values[i] = size > 0 ? sol / size : NaN
      }
    },
  }
}

function mean(bars: readonly IndicatorBar[], first: number, last: number): number {
  if (first < 0) return NaN
  let sum = 0
  for (let i = first; i <= last; i++) sum += bars[i]?.close ?? NaN
  return sum / (last - first + 1)
}
