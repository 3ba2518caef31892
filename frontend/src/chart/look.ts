import type { GapMark } from '../market/gap'
import type { Interval } from '../market/interval'
import type { Mark } from '../market/mark'
import type { Zone } from '../market/time'
import type { Band } from './bands'
import type { Flag } from './flags'

export interface ChartLook {
  kind: 'candles' | 'line' | 'area'
  /** Candles are drawn as Heikin-Ashi. */
  smoothed: boolean
  volume: boolean
  /** Volume is what was paid, and not tokens. */
  volumePaid: boolean
  /** Volume has the colour of the side that took more, and not of its candle. */
  volumeDelta: boolean
  log: boolean
  /** The axis says how far prices are from the first in sight. */
  percent: boolean
  zone: Zone
  interval: Interval
  /** Written behind the bars; empty for nothing. */
  watermark: string
  /** Prices are drawn at so many times what they are: as market caps, or in dollars. What the chart is told and tells is not. */
  factor: number
}

export interface ChartHooks {
  /**
   * The crosshair stands over the bar of this time, level with this price; undefined when it left. `moved`: by the keyboard.
   */
  cross(time: number | undefined, price: number, moved?: boolean): void
  /** What lies under the pointer beside bars, and where in the chart, in CSS pixels. */
  point(found: Pointed | undefined): void
  /** The left end comes into sight: older bars are wanted. */
  older(): void
  /** How far into the chart the hatch reaches under which the history begins, CSS pixels; undefined out of sight. */
  begins(right: number | undefined): void
  /** Other bars have come into sight, or more, or fewer. */
  ranged(): void
  /** What the indicators say of the bars in sight is another thing now. */
  sighted(): void
}

/** Something drawn on the chart that has a story to tell. */
export interface Pointed {
  x: number
  y: number
  gap?: GapMark | undefined
  band?: Band | undefined
  mark?: Mark | undefined
  flag?: Flag | undefined
}
