import type { IChartApi, ISeriesApi, SeriesType, Time, UTCTimestamp } from 'lightweight-charts'
import type { ChartBars } from './chart-bars'

/** The crosshair of a chart, moved by the pointer, the keyboard, or from another chart. */
export class Crosshair {
  /** Time of the bar under it. */
  at: number | undefined
  /** Where it was put, as long as no pointer has moved it. */
  #put: { time: number; price: number } | undefined
  #told: { time: number | undefined; price: number } = { time: undefined, price: NaN }

  constructor(
    private readonly chart: IChartApi,
    private readonly main: () => ISeriesApi<SeriesType>,
    private readonly bars: ChartBars,
    /** What a price is drawn at, by its factor. */
    private readonly factor: () => number,
    private readonly hear: (time: number | undefined, price: number, moved: boolean) => void,
  ) {}

  /** Follows what the library says; false when that is undone. */
  follow(time: Time | undefined, byPointer: boolean, price: number): boolean {
    if (byPointer) this.#put = undefined
    else if (this.#slipped(time)) return false
    this.at = time === undefined ? undefined : Number(time)
    this.tell(this.at, price)
    return true
  }

  /** Puts it on the bar that holds this time, at its close when no price is given; undefined takes it away. */
  put(time: number | undefined, price = NaN): void {
    const place = time === undefined ? -1 : this.bars.before(time + 1) - 1
    const bar = this.bars.held[place - this.bars.span.from]
    // The library tells of pointers only.
    this.at = bar?.time
    this.#put = undefined
    if (!bar) {
      this.chart.clearCrosshairPosition()
      this.tell(undefined, NaN)
      return
    }
    const level = Number.isFinite(price) ? price : bar.close
    this.chart.setCrosshairPosition(level * this.factor(), bar.time as UTCTimestamp, this.main())
    this.#put = { time: bar.time, price: level }
    this.tell(bar.time, level)
  }

  /** Tells where it is when that is news: the library says it again after every update. */
  tell(time: number | undefined, price: number, moved = false): void {
    if (!moved && time === this.#told.time && Object.is(price, this.#told.price)) return
    this.#told = { time, price }
    this.hear(time, price, moved)
  }

  /**
   * Leads it back to the bar it was put on. The library keeps it at its place on the screen, where another bar may be by
   * now: the prices have become wider, a new candle has come.
   */
  #slipped(time: Time | undefined): boolean {
    const put = this.#put
    if (!put || time === undefined || Number(time) === put.time || !this.bars.isHeld(put.time)) return false
    this.#put = undefined // once: what the library says now is not to come here again
    this.chart.setCrosshairPosition(put.price * this.factor(), put.time as UTCTimestamp, this.main())
    this.#put = put
    return true
  }
}
