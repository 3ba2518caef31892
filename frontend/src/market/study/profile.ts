import type { IndicatorBar } from '../indicator'

/** What was traded at each price of some bars, by rows of equal height from the lowest price up. */
export interface Profile {
  /** Tokens that takers bought and sold, row by row. */
  bought: Float64Array
  sold: Float64Array
  /** The row in which most was traded; the lowest of them where several are equal. */
  most: number
  /** The price at the lower edge of a row; halves lie in its middle. */
  price(row: number): number
}

/** A row of bars that all stand at one price is so high, as a part of the price. */
const THIN = 1e-6

/**
 * Volume by price. Candles do not say at which of their prices so much was traded: each one's volume is spread evenly over its range,
 * on the axis that is shown (`log`: by ratios). The work is the same for each bar, however many rows it spans. Undefined where nothing
 * was traded.
 */
export function volumeProfile(bars: readonly IndicatorBar[], rows: number, log: boolean): Profile | undefined {
  const on = log ? Math.log : (price: number) => price
  const back = log ? Math.exp : (value: number) => value

  let [lowest, highest] = [Infinity, -Infinity]
  for (const { low, high } of bars) {
    lowest = Math.min(lowest, low)
    highest = Math.max(highest, high)
  }
  const first = on(lowest)
  const step = (on(highest) - first) / rows || Math.abs(first) * THIN

  // Bought and sold, each with what every row has more than the one before it.
  const [bought, sold] = [new Float64Array(rows), new Float64Array(rows)]
  const [moreBought, moreSold] = [new Float64Array(rows + 1), new Float64Array(rows + 1)]
  for (const { low, high, volume, buy_volume } of bars) {
    const [from, to] = [(on(low) - first) / step, Math.min(rows, (on(high) - first) / step)]
    spread(bought, moreBought, from, to, buy_volume)
    spread(sold, moreSold, from, to, volume - buy_volume)
  }

  let most = 0
  let [runBought, runSold] = [0, 0]
  const total = (row: number) => (bought[row] ?? 0) + (sold[row] ?? 0)
  for (let row = 0; row < rows; row++) {
    runBought += moreBought[row] ?? 0
    runSold += moreSold[row] ?? 0
    bought[row] = (bought[row] ?? 0) + runBought
    sold[row] = (sold[row] ?? 0) + runSold
    if (total(row) > total(most)) most = row
  }
  return total(most) > 0 ? { bought, sold, most, price: (row) => back(first + row * step) } : undefined
}

/** Adds a size to the rows from one place to another: to the rows at both ends by their share, to those between as a run. */
function spread(rows: Float64Array, more: Float64Array, from: number, to: number, size: number): void {
  const last = rows.length - 1
  const [begin, end] = [Math.min(last, Math.floor(from)), Math.min(last, Math.floor(to))]
  if (begin === end) {
    rows[begin] = (rows[begin] ?? 0) + size
    return
  }

  const each = size / (to - from)
  rows[begin] = (rows[begin] ?? 0) + each * (begin + 1 - from)
  rows[end] = (rows[end] ?? 0) + each * (to - end)
  more[begin + 1] = (more[begin + 1] ?? 0) + each
  more[end] = (more[end] ?? 0) - each
}
