import {
  createSeriesMarkers,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineStyle,
  type SeriesMarker,
  type SeriesType,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts'
import type { OwnLevel, OwnMark } from '../market/wallet'
import type { ChartTheme } from './theme'

/** Lines drawn at most. */
const MAX_LINES = 40

/** What the person's own wallets did and hold: marks where they went in and out, a line for what it cost, and where their orders fall. */
export class OwnLines {
  #lines: IPriceLine[] = []
  #markers: ISeriesMarkersPluginApi<Time>
  levels: readonly OwnLevel[] = []
  marks: readonly OwnMark[] = []
  #held: (time: number) => boolean = () => false

  constructor(private series: ISeriesApi<SeriesType>) {
    this.#markers = createSeriesMarkers(series)
  }

  /** Draws these, at `factor` times their prices, and no others; marks only where `held` says that there is a bar. */
  set(
    marks: readonly OwnMark[],
    levels: readonly OwnLevel[],
    theme: ChartTheme,
    factor: number,
    held: (time: number) => boolean = this.#held,
  ): void {
    this.marks = marks
    this.levels = levels.slice(0, MAX_LINES)
    this.#held = held
    for (const line of this.#lines) this.series.removePriceLine(line)
    this.#lines = this.levels.map(({ price, kind, title }) => {
      const color = kind === 'entry' ? theme.line : theme.liquidation
      return this.series.createPriceLine({
        price: price * factor,
        color,
        lineWidth: 1,
        lineStyle: kind === 'entry' ? LineStyle.Solid : LineStyle.Dotted,
        axisLabelVisible: true,
        axisLabelColor: color,
        axisLabelTextColor: theme.background,
        title,
      })
    })
    this.mark(theme)
  }

  /** Marks the bars anew: others are on the canvas. */
  mark(theme: ChartTheme): void {
    const held = this.marks.filter(({ time }) => this.#held(time))
    if (held.length + this.#markers.markers().length === 0) return
    this.#markers.setMarkers(held.map((one) => toMarker(one, theme)))
  }

  /** One for another series, with nothing drawn yet. */
  like(series: ISeriesApi<SeriesType>): OwnLines {
    return new OwnLines(series)
  }

  /** The series is about to go. */
  leave(): void {
    this.#markers.detach()
  }

  /** Draws them anew: in other colours, or prices are shown as something else. */
  again(theme: ChartTheme, factor: number): void {
    if (this.marks.length + this.levels.length > 0) this.set(this.marks, this.levels, theme, factor)
  }

  /** Draws them on another series, after `leave`; the one before is gone, and what was drawn with it. */
  move(series: ISeriesApi<SeriesType>, theme: ChartTheme, factor: number): void {
    this.series = series
    this.#lines = []
    this.#markers = createSeriesMarkers(series)
    this.again(theme, factor)
  }
}

/** In is below the candle, out above it, with a letter: large trades of others have arrows too. */
function toMarker({ time, side }: OwnMark, theme: ChartTheme): SeriesMarker<Time> {
  const buy = side === 'buy'
  return {
    id: `own ${time} ${side}`,
    time: time as UTCTimestamp,
    position: buy ? 'belowBar' : 'aboveBar',
    shape: 'circle',
    color: buy ? theme.up : theme.down,
    size: 0.8,
    text: buy ? 'B' : 'S',
  }
}
