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

/** Of its volume: in tokens or in what was paid, in the colour of the candle or of the side that took more. */
export function toVolume(bar: Bar, theme: ChartTheme, paid = false, delta = false): HistogramData {
  const up = delta ? 2 * bar.buy_volume >= bar.volume : bar.close >= bar.open
  return { time: at(bar), value: paid ? bar.quote_volume : bar.volume, color: up ? theme.upVolume : theme.downVolume }
}
