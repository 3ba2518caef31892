import type { SeriesMarker, Time, UTCTimestamp } from 'lightweight-charts'
import type { Bar } from '../market/candle'
import type { ChartLook } from './look'
import type { ChartTheme } from './theme'

/** What is to be known of a candle. */
export type Flag = 'corrected' | 'provisional'

/** What the bar is told of, where it is pointed at. */
export function flagOf(bar: Bar): Flag | undefined {
  return bar.corrected ? 'corrected' : bar.provisional ? 'provisional' : undefined
}

/** What the bar wears: a provisional candle shows it by its outline, a line has none. */
export function wornFlag(bar: Bar, kind: ChartLook['kind']): Flag | undefined {
  const flag = flagOf(bar)
  return flag === 'provisional' && kind === 'candles' ? undefined : flag
}

/** Corrected bars wear a dot, provisional points of a line a small square. */
export function flagMarker(time: number, flag: Flag, theme: ChartTheme): SeriesMarker<Time> {
  return {
    time: time as UTCTimestamp,
    position: flag === 'corrected' ? 'aboveBar' : 'inBar',
    shape: flag === 'corrected' ? 'circle' : 'square',
    color: theme.caution,
    size: 0.5,
  }
}
