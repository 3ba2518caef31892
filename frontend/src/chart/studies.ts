import { type IChartApi, type ISeriesApi, LineSeries, type LineData, type UTCTimestamp } from 'lightweight-charts'
import type { Bar } from '../market/candle'
import {
  exponentialAverage,
  type Indicator,
  type IndicatorName,
  movingAverage,
  volumeWeightedPrice,
} from '../market/indicator'
import type { PriceAxis } from './axis'
import type { Span } from './span'
import type { ChartTheme } from './theme'

/** Which lines are drawn over the candles; an average with its span in bars. */
export interface Studied {
  ma?: number
  ema?: number
  vwap?: boolean
}

interface Study {
  key: string
  indicator: Indicator
  series: ISeriesApi<'Line'>
}

/** Above this many changed values the whole line is handed over anew. */
const FEW = 100

/** The indicator lines of a chart. What is not asked for is not reckoned. */
export class Studies {
  #studies: Study[] = []

  constructor(
    private readonly chart: IChartApi,
    private readonly axis: PriceAxis,
  ) {}

  /** Makes the lines exactly these. */
  choose(studied: Studied, bars: readonly Bar[], span: Span, theme: ChartTheme): void {
    const wanted = new Map<string, () => Indicator>()
    const { ma, ema, vwap } = studied
    if (ma) wanted.set(`ma ${ma}`, () => movingAverage(ma))
    if (ema) wanted.set(`ema ${ema}`, () => exponentialAverage(ema))
    if (vwap) wanted.set('vwap', volumeWeightedPrice)
    this.#studies = this.#studies.filter((study) => {
      if (wanted.delete(study.key)) return true
      this.chart.removeSeries(study.series)
      return false
    })
    for (const [key, make] of wanted) {
      const series = this.chart.addSeries(LineSeries, {
        lineWidth: 1,
        priceLineVisible: false,
        lastValueVisible: false,
        crosshairMarkerVisible: false,
        // A line far off must not press the candles flat.
        autoscaleInfoProvider: () => null,
      })
      const study = { key, indicator: make(), series }
      this.#studies.push(study)
      study.indicator.fill(bars, 0)
      this.#draw(study, bars, span)
    }
    this.paint(theme)
  }

  paint(theme: ChartTheme): void {
    for (const { indicator, series } of this.#studies) series.applyOptions({ color: theme[indicator.name] })
  }

  /** Reckons everything anew, for other bars. */
  rebuild(bars: readonly Bar[]): void {
    for (const { indicator } of this.#studies) indicator.fill(bars, 0)
  }

  /** Draws what was reckoned for this part of the bars. */
  draw(bars: readonly Bar[], span: Span): void {
    for (const study of this.#studies) this.#draw(study, bars, span)
  }

  /** Takes a change of the bar at this place; what stands after it follows, as far as the part of the bars reaches. */
  update(bars: readonly Bar[], place: number, span: Span): void {
    for (const { indicator, series } of this.#studies) {
      indicator.fill(bars, place)
      if (bars.length - place > FEW) {
        series.setData(points(bars, indicator, span))
        continue
      }
      for (let i = Math.max(place, span.from); i < span.to; i++) {
        const bar = bars[i]
        if (bar) series.update(point(bar, indicator.values[i]), i < span.to - 1)
      }
    }
  }

  /** The values at a bar, by indicator. */
  at(place: number): Partial<Record<IndicatorName, number>> {
    return Object.fromEntries(this.#studies.map(({ indicator }) => [indicator.name, indicator.values[place] ?? NaN]))
  }

  #draw({ indicator, series }: Study, bars: readonly Bar[], span: Span): void {
    const last = bars.at(-1)
    if (last) series.applyOptions({ priceFormat: this.axis.format(last.close) })
    series.setData(points(bars, indicator, span))
  }
}

function points(bars: readonly Bar[], { values }: Indicator, { from, to }: Span): LineData[] {
  return bars.slice(from, to).map((bar, i) => point(bar, values[from + i]))
}

/** A bar without a value keeps its place, so that the axis stays that of the candles. */
function point(bar: Bar, value: number | undefined): LineData {
  const time = bar.time as UTCTimestamp
  return (value !== undefined && Number.isFinite(value) ? { time, value } : { time }) as LineData
}
