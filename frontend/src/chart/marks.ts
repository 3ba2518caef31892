import type { SeriesMarker, Time, UTCTimestamp } from 'lightweight-charts'
import type { Mark } from '../market/mark'
import type { ChartTheme } from './theme'

/**
 * A liquidated long is sold, below the candle; a liquidated short is bought back, above it. A graduation names the pool's
 * program below the candle, as the price has mostly come up from there.
 */
export function toMarker(id: string, { time, kind, side }: Mark, theme: ChartTheme): SeriesMarker<Time> {
  const base = { id, time: time as UTCTimestamp }
  if (kind === 'graduation')
    return { ...base, position: 'belowBar', shape: 'circle', color: theme.line, size: 1, text: 'PumpSwap' }
  if (kind === 'buy') return { ...base, position: 'belowBar', shape: 'arrowUp', color: theme.up, size: 0.7 }
  if (kind === 'sell') return { ...base, position: 'aboveBar', shape: 'arrowDown', color: theme.down, size: 0.7 }
  const position = side === 'short' ? 'aboveBar' : side === 'long' ? 'belowBar' : 'inBar'
  return { ...base, position, shape: 'square', color: theme.liquidation, size: 0.5 }
}
