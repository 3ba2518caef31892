import type { IChartApi, IPanePrimitive, ISeriesApi, SeriesType, Time } from 'lightweight-charts'
import type { Bar } from '../market/candle'
import type { PriceAxis } from './axis'
import type { ChartBars } from './chart-bars'
import type { ChartTheme } from './theme'

/** Something that others draw over the candles. */
export interface Overlay extends IPanePrimitive<Time> {
  /** The same for another chart that shows the same: a saved picture has one of its own. */
  on(plane: Plane): Overlay
}

/** What a plane asks of its chart. */
export interface PlaneOf {
  readonly chart: IChartApi
  readonly bars: ChartBars
  readonly axis: PriceAxis
  main(): ISeriesApi<SeriesType>
  /** Prices are drawn at so many times what they are. */
  factor(): number
  /** Length of a bar, seconds. */
  length(): number
  theme(): ChartTheme
}

/** Where times and prices are on the canvas of the candles, in CSS pixels from its upper left corner. Bars may come and go meanwhile. */
export class Plane {
  readonly #overlays = new Set<Overlay>()

  constructor(private readonly of: PlaneOf) {}

  get theme(): ChartTheme {
    return this.of.theme()
  }

  get size(): { width: number; height: number } {
    return { width: this.of.chart.timeScale().width(), height: this.of.chart.paneSize(0).height }
  }

  get overlays(): ReadonlySet<Overlay> {
    return this.#overlays
  }

  /** The middle of the bar that begins at a time; times inside a bar lie between it and the next, others as if there were bars. */
  x(time: number): number {
    const { all, span } = this.of.bars
    const [first, last] = [all[0], all.at(-1)]
    if (!first || !last) return NaN
    const length = this.of.length()
    const before = this.of.bars.before(time + 1) - 1
    const bar = all[before]
    const place = bar
      ? before + (before === all.length - 1 ? (time - bar.time) / length : Math.min((time - bar.time) / length, 0.999))
      : (time - first.time) / length
    return this.#zero() + (place - span.from) * this.#spacing()
  }

  /** When the bar begins that is nearest to a place, or would begin there. */
  time(x: number): number {
    const { all, span } = this.of.bars
    const [first, last] = [all[0], all.at(-1)]
    if (!first || !last) return NaN
    const place = Math.round((x - this.#zero()) / this.#spacing()) + span.from
    if (place < 0) return first.time + place * this.of.length()
    return all[place]?.time ?? last.time + (place - all.length + 1) * this.of.length()
  }

  /** NaN where the scale has no such price. */
  y(price: number): number {
    return this.of.main().priceToCoordinate(price * this.of.factor()) ?? NaN
  }

  /** NaN outside the scale. */
  price(y: number): number {
    return (this.of.main().coordinateToPrice(y) ?? NaN) / this.of.factor()
  }

  /** The bar that begins at a time. */
  bar(time: number): Bar | undefined {
    return this.of.bars.all[this.of.bars.placeOf(time)]
  }

  /** How many bars lie between two times, back with a negative number. */
  between(from: number, to: number): number {
    return Math.round((this.x(to) - this.x(from)) / this.#spacing())
  }

  /** A price as the axis writes it. */
  priceText(price: number): string {
    return this.of.axis.alone(price * this.of.factor())
  }

  attach(overlay: Overlay): void {
    this.#overlays.add(overlay)
    this.of.chart.panes()[0]?.attachPrimitive(overlay)
  }

  detach(overlay: Overlay): void {
    if (this.#overlays.delete(overlay)) this.of.chart.panes()[0]?.detachPrimitive(overlay)
  }

  /** Where the first bar is that the canvas holds. */
  #zero(): number {
    return this.of.chart.timeScale().logicalToCoordinate(0 as never) ?? NaN
  }

  #spacing(): number {
    return this.of.chart.timeScale().options().barSpacing
  }
}
