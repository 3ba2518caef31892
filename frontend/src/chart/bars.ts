import type { CandlestickData, HistogramData, LineData, UTCTimestamp } from 'lightweight-charts'
import type { Bar } from '../market/candle'
import type { ChartTheme } from './theme'

const at = (bar: Bar) => bar.time as UTCTimestamp

/** A candle for the canvas, at `factor` times its prices: an open one is hollow, a provisional one is outlined in the colour of caution. */
export function toCandle(bar: Bar, theme: ChartTheme, factor = 1): CandlestickData {
  const [open, high, low, close] = [bar.open * factor, bar.high * factor, bar.low * factor, bar.close * factor]
  const data: CandlestickData = { time: at(bar), open, high, low, close }
  if (!bar.is_final) data.color = bar.close >= bar.open ? theme.upOpen : theme.downOpen
  if (bar.provisional) data.borderColor = data.wickColor = theme.caution
  return data
}

export function toLine(bar: Bar, factor = 1): LineData {
  return { time: at(bar), value: bar.close * factor }
}

export function toVolume(bar: Bar, theme: ChartTheme): HistogramData {
  return { time: at(bar), value: bar.volume, color: bar.close >= bar.open ? theme.upVolume : theme.downVolume }
}
