import type { Bar } from '../market/candle'
import type { Indicator, IndicatorBar } from '../market/indicator'
import { ChartBars } from './chart-bars'

/**
 * The closes of another coin at the bars of this one: each that of its newest bar that begins no later, NaN before its first. It takes
 * the other's candles as a chart does.
 */
export class Compared implements Indicator {
  readonly #values: number[] = []
  readonly lines = [this.#values]
  readonly #other = new ChartBars()

  /** `moved` hears from which time on, Unix seconds, there is something else to say. */
  constructor(private readonly moved: (time: number) => void) {}

  rebuild(bars: Bar[], reset: boolean): void {
    this.#other.replace(bars, reset)
    this.moved(-Infinity)
  }

  update(bar: Bar): void {
    this.#other.put(bar)
    this.moved(bar.time)
  }

  fill(bars: readonly IndicatorBar[], from: number): void {
    this.#values.length = bars.length
    const { all } = this.#other
    let next = this.#other.before(bars[from]?.time ?? Infinity)
    for (let i = from; i < bars.length; i++) {
      const time = bars[i]?.time ?? NaN
      while ((all[next]?.time ?? Infinity) <= time) next++
      this.#values[i] = all[next - 1]?.close ?? NaN
    }
  }
}
