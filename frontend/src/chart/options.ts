import {
  AreaSeries,
  CandlestickSeries,
  type ChartOptions,
  CrosshairMode,
  type DeepPartial,
  type IChartApi,
  type ISeriesApi,
  LineSeries,
  LineStyle,
  PriceScaleMode,
  type SeriesType,
  type Time,
} from 'lightweight-charts'
import { seconds } from '../market/interval'
import { crossLabel, tickLabel } from './axis'
import { validLocale } from './locale'
import type { ChartLook } from './look'
import type { ChartTheme } from './theme'

export const BAR_SPACING = 7
export const MAX_SPACING = 80
export const MIN_SPACING = 0.4
export const RIGHT_BARS = 8

const DAY = 86_400
/** The library's label is that of the last bar in sight: the last price is drawn here (LastPrice). */
const LAST = { lastValueVisible: false, priceLineVisible: false }

/** What a chart begins with, whatever it shows. */
export function firstOptions(): DeepPartial<ChartOptions> {
  return {
    autoSize: true,
    localization: { locale: validLocale(navigator.languages ?? [navigator.language]) },
    layout: { attributionLogo: false, fontSize: 11 },
    crosshair: { mode: CrosshairMode.Normal },
    rightPriceScale: {
      borderVisible: false,
      scaleMargins: { top: 0.12, bottom: 0.24 },
      minimumWidth: 76,
      entireTextOnly: true,
    },
    timeScale: {
      borderVisible: false,
      barSpacing: BAR_SPACING,
      rightOffset: RIGHT_BARS,
      minBarSpacing: MIN_SPACING,
    },
  }
}

/** How the chart looks in these colours. */
export function lookOptions({ zone, interval, log, percent }: ChartLook, theme: ChartTheme): DeepPartial<ChartOptions> {
  return {
    layout: {
      background: { color: theme.background },
      textColor: theme.text,
      fontFamily: theme.font,
      panes: { separatorColor: theme.grid, separatorHoverColor: theme.grid, enableResize: false },
    },
    grid: { vertLines: { color: theme.grid }, horzLines: { color: theme.grid } },
    crosshair: {
      vertLine: { color: theme.cross, labelBackgroundColor: theme.label, style: LineStyle.Dashed },
      horzLine: { color: theme.cross, labelBackgroundColor: theme.label, style: LineStyle.Dashed },
    },
    rightPriceScale: {
      mode: percent ? PriceScaleMode.Percentage : log ? PriceScaleMode.Logarithmic : PriceScaleMode.Normal,
    },
    timeScale: {
      timeVisible: seconds(interval) < DAY,
      secondsVisible: seconds(interval) < 60,
      tickMarkFormatter: (time: Time, type: number) => tickLabel(time, type, seconds(interval) < DAY ? zone : 'utc'),
    },
    localization: { timeFormatter: (time: Time) => crossLabel(time, zone, seconds(interval) >= DAY) },
  }
}

/** The series of the prices. */
export function addMain(chart: IChartApi, kind: ChartLook['kind']): ISeriesApi<SeriesType> {
  switch (kind) {
    case 'line':
      return chart.addSeries(LineSeries, { lineWidth: 2, ...LAST })
    case 'area':
      return chart.addSeries(AreaSeries, { lineWidth: 2, ...LAST })
    default:
      return chart.addSeries(CandlestickSeries, { borderVisible: true, ...LAST })
  }
}

/** Its colours. */
export function mainOptions(kind: ChartLook['kind'], theme: ChartTheme): object {
  if (kind !== 'candles')
    return { color: theme.line, lineColor: theme.line, topColor: theme.areaTop, bottomColor: theme.areaBottom }
  return {
    upColor: theme.up,
    downColor: theme.down,
    borderUpColor: theme.up,
    borderDownColor: theme.down,
    wickUpColor: theme.up,
    wickDownColor: theme.down,
  }
}
