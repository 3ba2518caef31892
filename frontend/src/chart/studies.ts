import {
  HistogramSeries,
  type HistogramData,
  type IChartApi,
  type ISeriesApi,
  type LineData,
  LineSeries,
  LineStyle,
  type UTCTimestamp,
} from 'lightweight-charts'
import type { Bar } from '../market/candle'
import {
  type Indicator,
  type IndicatorKind,
  indicatorKind,
  type IndicatorName,
  indicatorNames,
  type Pane,
} from '../market/indicator'
import { formatAmount, formatPrice } from '../market/price'
import { PriceAxis } from './axis'
import type { Span } from './span'
import type { ChartTheme } from './theme'

/** Which indicators are drawn, each with the numbers that it is made of: the bars that it spans, or several such. */
export type Studied = Partial<Record<IndicatorName, readonly number[]>>

/** The values of indicators at a bar, line by line. */
export type StudyValues = Partial<Record<IndicatorName, readonly number[]>>

type Point = LineData | HistogramData

interface Study {
  name: IndicatorName
  /** What it was made of, as text. */
  made: string
  indicator: Indicator
  /** One per line of the indicator. */
  series: readonly ISeriesApi<'Line' | 'Histogram'>[]
}

/** Heights of the candles and of each pane below them, as parts of the whole. */
const CANDLES = 3
const PANE = 1

/** How the lines of one kind are told apart that have several lengths, in their order. */
const LENGTHS: readonly LineStyle[] = [LineStyle.Solid, LineStyle.Dashed, LineStyle.Dotted, LineStyle.SparseDotted]

/** Above this many changed values the whole line is handed over anew. */
const FEW = 100

/** The indicator lines of a chart. What is not asked for is not computed. */
export class Studies {
  /** Values are drawn at so many times what they are. */
  factor = 1
  /** Indicators that are made of more than these bars. */
  outside: Partial<Record<IndicatorName, Indicator>> = {}
  #theme: ChartTheme | undefined
  #studies: Study[] = []

  constructor(
    private readonly chart: IChartApi,
    private readonly axis: PriceAxis,
  ) {}

  /** Makes the lines exactly these. */
  choose(studied: Studied, bars: readonly Bar[], span: Span, theme: ChartTheme): void {
    this.#theme = theme
    const wanted = new Map(
      indicatorNames.flatMap((name) => {
        const numbers = studied[name]
        return numbers ? [[name, numbers] as const] : []
      }),
    )

    this.#studies = this.#studies.filter(({ name, made, series }) => {
      if (wanted.get(name)?.join() === made) return wanted.delete(name)
      for (const one of series) this.chart.removeSeries(one)
      return false
    })

    for (const [name, numbers] of wanted) {
      const indicator = indicatorKind(name).make?.(...numbers) ?? this.outside[name]
      if (!indicator) continue
      const study = { name, made: numbers.join(), indicator, series: this.#newSeries(indicatorKind(name), indicator) }
      this.#studies.push(study)
      indicator.fill(bars, 0)
      this.#draw(study, bars, span)
    }
    this.paint(theme)
  }

  paint(theme: ChartTheme): void {
    this.#theme = theme
    for (const { name, series } of this.#studies) {
      for (const one of series) one.applyOptions({ color: theme.indicators[name] })
    }
  }

  /** Computes everything anew, for other bars. */
  rebuild(bars: readonly Bar[]): void {
    for (const { indicator } of this.#studies) indicator.fill(bars, 0)
  }

  /** Draws what was computed for this part of the bars. */
  draw(bars: readonly Bar[], span: Span): void {
    for (const study of this.#studies) this.#draw(study, bars, span)
  }

  /** Takes a change of the bar at this place, in all or one; what stands after it follows, as far as the part of the bars reaches. */
  update(bars: readonly Bar[], place: number, span: Span, only?: IndicatorName): void {
    for (const study of this.#studies) {
      if (only && study.name !== only) continue
      const { indicator, series } = study
      indicator.fill(bars, place)
      indicator.lines.forEach((values, line) => {
        const one = series[line]
        if (bars.length - place > FEW) {
          one?.setData(this.#points(study, bars, values, span, line))
          return
        }
        for (let i = Math.max(place, span.from); i < span.to; i++) {
          const bar = bars[i]
          if (bar) one?.update(this.#point(study, bar, values[i], line), i < span.to - 1)
        }
      })
    }
  }

  /** The values at a bar, by indicator. */
  at(place: number): StudyValues {
    const values = ({ name, indicator }: Study) => [name, indicator.lines.map((line) => line[place] ?? NaN)]
    return Object.fromEntries(this.#studies.map(values))
  }

  #newSeries(
    { lines, pane, label, several, scaled }: IndicatorKind,
    of: Indicator,
  ): readonly ISeriesApi<'Line' | 'Histogram'>[] {
    const quiet = { priceLineVisible: false, crosshairMarkerVisible: false }
    if (!pane) {
      return of.lines.map((_, line) =>
        this.chart.addSeries(LineSeries, {
          ...quiet,
          lineWidth: 1,
          lineStyle: (several && LENGTHS[line]) ?? LineStyle.Solid,
          lastValueVisible: scaled === true,
          // A line far off must not press the candles flat.
          ...(scaled ? {} : { autoscaleInfoProvider: () => null }),
        }),
      )
    }
    const place = this.chart.panes().length
    const made = lines.map((name, line) => {
      const title = name || label
      if (pane.columns && line === 0)
        return this.chart.addSeries(
          HistogramSeries,
          { ...quiet, lastValueVisible: false, ...(pane.columns === 'apart' ? { priceScaleId: 'columns' } : {}) },
          place,
        )
      const lineStyle = line > 1 ? LineStyle.Dashed : LineStyle.Solid
      return this.chart.addSeries(LineSeries, { ...quiet, title, lineWidth: 1, lineStyle }, place)
    })
    this.chart.panes().forEach((one, i) => one.setStretchFactor(i === 0 ? CANDLES : PANE))
    return made
  }

  #draw(study: Study, bars: readonly Bar[], span: Span): void {
    const { indicator, series, name } = study
    const last = bars.at(-1)
    const { pane } = indicatorKind(name)
    series.forEach((one, line) => {
      if (pane) one.applyOptions({ priceFormat: this.#formatOf(pane.unit, indicator.lines) })
      else if (last) one.applyOptions({ priceFormat: this.axis.format(last.close * this.factor) })
      one.setData(this.#points(study, bars, indicator.lines[line] ?? [], span, line))
    })
  }

  #formatOf(unit: Pane['unit'], lines: readonly (readonly number[])[]) {
    if (unit === 'percent') return { type: 'price' as const, precision: 1, minMove: 0.1 }
    if (unit === 'tokens') return { type: 'custom' as const, minMove: 0.01, formatter: formatAmount }
    // Such differences are far smaller than prices.
    const size = Math.abs(lines.at(-1)?.findLast((value) => Number.isFinite(value) && value !== 0) ?? 1) * this.factor
    const { minMove, base = 1 } = new PriceAxis().format(size)
    return { type: 'custom' as const, minMove, base, formatter: (value: number) => formatPrice(value, 3) }
  }

  #points(study: Study, bars: readonly Bar[], values: readonly number[], { from, to }: Span, line: number): Point[] {
    return bars.slice(from, to).map((bar, i) => this.#point(study, bar, values[from + i], line))
  }

  /** A bar without a value keeps its place, so that the axis stays that of the candles. */
  #point({ name }: Study, bar: Bar, value: number | undefined, line: number): Point {
    const time = bar.time as UTCTimestamp
    if (value === undefined || !Number.isFinite(value)) return { time } as Point
    const { pane } = indicatorKind(name)
    const shown = !pane || pane.unit === 'price' ? value * this.factor : value
    if (!pane?.columns || line > 0) return { time, value: shown }
    return { time, value: shown, color: (value < 0 ? this.#theme?.downVolume : this.#theme?.upVolume) ?? '' }
  }
}
