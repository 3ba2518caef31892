import type { SeriesMarker, Time, UTCTimestamp } from 'lightweight-charts'
import type { Happening } from '../market/margin'
import type { ChartTheme } from './theme'

/** What happened in one candle, of one kind. */
export interface Mark {
  time: number
  kind: Happening['kind']
  side: Happening['side']
  count: number
  /** SOL, as far as known. */
  sol: number
}

/** Happenings gathered by candle, kind and side; those without a candle are left out. */
export function gather(
  happenings: readonly Happening[],
  length: number,
  has: (time: number) => boolean,
): Map<string, Mark> {
  const marks = new Map<string, Mark>()
  for (const { time: moment, kind, side, sol } of happenings) {
    const time = Math.floor(moment / length) * length
    const id = `${time} ${kind} ${side ?? ''}`
    const known = marks.get(id)
    if (!known && !has(time)) continue
    const mark = known ?? { time, kind, side, count: 0, sol: 0 }
    mark.count++
    mark.sol += Number.isFinite(sol) ? sol : 0
    marks.set(id, mark)
  }
  return marks
}

/** A liquidated long is sold, below the candle; a liquidated short is bought back, above it. */
export function toMarker(id: string, { time, kind, side }: Mark, theme: ChartTheme): SeriesMarker<Time> {
  const base = { id, time: time as UTCTimestamp }
  if (kind === 'buy') return { ...base, position: 'belowBar', shape: 'arrowUp', color: theme.up, size: 0.7 }
  if (kind === 'sell') return { ...base, position: 'aboveBar', shape: 'arrowDown', color: theme.down, size: 0.7 }
  const position = side === 'short' ? 'aboveBar' : side === 'long' ? 'belowBar' : 'inBar'
  return { ...base, position, shape: 'square', color: theme.liquidation, size: 0.5 }
}
