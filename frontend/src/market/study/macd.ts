import type { Indicator, IndicatorBar } from '../indicator'

const FAST = 12
const SLOW = 26
const SIGNAL = 9

/** An exponential mean with weight 2/(period+1), begun by the plain mean of the first `period` values; NaN before. */
function smooth(out: number[], value: (i: number) => number, first: number, period: number, i: number): void {
  const at = first + period - 1
  if (i < at) {
    out[i] = NaN
    return
  }
  if (i === at) {
    let sum = 0
    for (let k = first; k <= at; k++) sum += value(k)
    out[i] = sum / period
    return
  }
  const before = out[i - 1] ?? NaN
  out[i] = before + (2 / (period + 1)) * (value(i) - before)
}

/** The exponential mean of 12 closes less that of 26, its own exponential mean over 9 (the signal), and how far the two are apart. */
export function convergence(): Indicator {
  const [fast, slow]: [number[], number[]] = [[], []]
  const [apart, macd, signal]: [number[], number[], number[]] = [[], [], []]
  return {
    lines: [apart, macd, signal],
    fill(bars: readonly IndicatorBar[], from) {
      for (const list of [fast, slow, apart, macd, signal]) list.length = bars.length
      const close = (i: number) => bars[i]?.close ?? NaN
      for (let i = from; i < bars.length; i++) {
        smooth(fast, close, 0, FAST, i)
        smooth(slow, close, 0, SLOW, i)
        macd[i] = (fast[i] ?? NaN) - (slow[i] ?? NaN)
        smooth(signal, (k) => macd[k] ?? NaN, SLOW - 1, SIGNAL, i)
        apart[i] = (macd[i] ?? NaN) - (signal[i] ?? NaN)
      }
    },
  }
}
