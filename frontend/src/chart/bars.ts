import type { CandlestickData, HistogramData, LineData, UTCTimestamp } from 'lightweight-charts'
import type { Bar } from '../market/candle'
import type { ChartTheme } from './theme'

const at = (bar: Bar) => bar.time as UTCTimestamp

/** A candle for the canvas: an open one is hollow, a provisional one is outlined in the colour of caution. */
export function toCandle(bar: Bar, theme: ChartTheme): CandlestickData {
  const data: CandlestickData = { time: at(bar), open: bar.open, high: bar.high, low: bar.low, close: bar.close }
  if (!bar.is_final) data.color = bar.close >= bar.open ? theme.upOpen : theme.downOpen
  if (bar.provisional) data.borderColor = data.wickColor = theme.caution
  return data
}

export function toLine(bar: Bar): LineData {
  return { time: at(bar), value: bar.close }
}

export function toVolume(bar: Bar, theme: ChartTheme): HistogramData {
  return { time: at(bar), value: bar.volume, color: bar.close >= bar.open ? theme.upVolume : theme.downVolume }
}
