import { type IPriceLine, type ISeriesApi, LineStyle, type SeriesType } from 'lightweight-charts'
import type { AlertLevel } from '../market/alert'
import type { ChartTheme } from './theme'

/** Drawn at most; a chart with more lines says nothing. */
const MAX_LINES = 50

/** Dashed lines at the prices that alerts wait for. They belong to a series and go with it. */
export class AlertLines {
  readonly #lines = new Map<string, IPriceLine>()
  #levels: readonly AlertLevel[] = []
  #factor = 1

  constructor(private series: ISeriesApi<SeriesType>) {}

  /** Draws these, at `factor` times their prices, and no others. */
  set(levels: readonly AlertLevel[], theme: ChartTheme, factor = this.#factor): void {
    this.#factor = factor
    this.#levels = levels.slice(0, MAX_LINES)
    const wanted = new Set(this.#levels.map(({ id }) => id))
    for (const [id, line] of this.#lines) {
      if (wanted.has(id)) continue
      this.series.removePriceLine(line)
      this.#lines.delete(id)
    }
    for (const { id, price, above } of this.#levels) {
      const options = {
        price: price * factor,
        color: theme.alert,
        lineWidth: 1 as const,
        lineStyle: LineStyle.Dashed,
        axisLabelVisible: true,
        axisLabelColor: theme.alert,
        axisLabelTextColor: theme.background,
        title: above ? 'alert ▲' : 'alert ▼',
      }
      const line = this.#lines.get(id)
      if (line) line.applyOptions(options)
      else this.#lines.set(id, this.series.createPriceLine(options))
    }
  }

  /** Draws them on another series; the one before is gone, and its lines with it. */
  move(series: ISeriesApi<SeriesType>, theme: ChartTheme): void {
    this.series = series
    this.#lines.clear()
    this.set(this.#levels, theme)
  }
}
