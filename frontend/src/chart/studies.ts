import { type IChartApi, type ISeriesApi, LineSeries, type LineData, type UTCTimestamp } from 'lightweight-charts'
import type { Bar } from '../market/candle'
import { type Indicator, indicatorKind, type IndicatorName, indicatorNames } from '../market/indicator'
import type { PriceAxis } from './axis'
import type { Span } from './span'
import type { ChartTheme } from './theme'

/** Which indicators are drawn over the candles, with the bars that each spans; 0 where it does not go by bars. */
export type Studied = Partial<Record<IndicatorName, number>>

/** The values of indicators at a bar, line by line. */
export type StudyValues = Partial<Record<IndicatorName, readonly number[]>>

interface Study {
  name: IndicatorName
  period: number
  indicator: Indicator
  /** One per line of the indicator. */
  series: readonly ISeriesApi<'Line'>[]
}

/** Above this many changed values the whole line is handed over anew. */
const FEW = 100

/** The indicator lines of a chart. What is not asked for is not computed. */
export class Studies {
  /** Values are drawn at so many times what they are. */
  factor = 1
  #studies: Study[] = []

  constructor(
    private readonly chart: IChartApi,
    private readonly axis: PriceAxis,
  ) {}

  /** Makes the lines exactly these. */
  choose(studied: Studied, bars: readonly Bar[], span: Span, theme: ChartTheme): void {
    const wanted = new Map(
      indicatorNames.flatMap((name) => {
        const period = studied[name]
        return period === undefined ? [] : [[name, period] as const]
      }),
    )

    this.#studies = this.#studies.filter(({ name, period, series }) => {
      if (wanted.get(name) === period) return wanted.delete(name)
      for (const one of series) this.chart.removeSeries(one)
      return false
    })

    for (const [name, period] of wanted) {
      const indicator = indicatorKind(name).make(period)
      const study = { name, period, indicator, series: indicator.lines.map(() => this.#newSeries()) }
      this.#studies.push(study)
      indicator.fill(bars, 0)
      this.#draw(study, bars, span)
    }
    this.paint(theme)
  }

  paint(theme: ChartTheme): void {
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

  /** Takes a change of the bar at this place; what stands after it follows, as far as the part of the bars reaches. */
  update(bars: readonly Bar[], place: number, span: Span): void {
    for (const { indicator, series } of this.#studies) {
      indicator.fill(bars, place)
      indicator.lines.forEach((values, line) => {
        const one = series[line]
        if (bars.length - place > FEW) {
          one?.setData(this.#points(bars, values, span))
          return
        }
        for (let i = Math.max(place, span.from); i < span.to; i++) {
          const bar = bars[i]
          if (bar) one?.update(point(bar, values[i], this.factor), i < span.to - 1)
        }
      })
    }
  }

  /** The values at a bar, by indicator. */
  at(place: number): StudyValues {
    const values = ({ name, indicator }: Study) => [name, indicator.lines.map((line) => line[place] ?? NaN)]
    return Object.fromEntries(this.#studies.map(values))
  }

  #newSeries(): ISeriesApi<'Line'> {
    return this.chart.addSeries(LineSeries, {
      lineWidth: 1,
      priceLineVisible: false,
      lastValueVisible: false,
      crosshairMarkerVisible: false,
      // A line far off must not press the candles flat.
      autoscaleInfoProvider: () => null,
    })
  }

  #draw({ indicator, series }: Study, bars: readonly Bar[], span: Span): void {
    const last = bars.at(-1)
    series.forEach((one, line) => {
      if (last) one.applyOptions({ priceFormat: this.axis.format(last.close * this.factor) })
      one.setData(this.#points(bars, indicator.lines[line] ?? [], span))
    })
  }

  #points(bars: readonly Bar[], values: readonly number[], { from, to }: Span): LineData[] {
    return bars.slice(from, to).map((bar, i) => point(bar, values[from + i], this.factor))
  }
}

/** A bar without a value keeps its place, so that the axis stays that of the candles. */
function point(bar: Bar, value: number | undefined, factor: number): LineData {
  const time = bar.time as UTCTimestamp
  return (value !== undefined && Number.isFinite(value) ? { time, value: value * factor } : { time }) as LineData
}
