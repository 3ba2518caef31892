import { INTERVAL_TABLE } from './interval.gen'

/** A candle length, as the wire names it. */
export type Interval = keyof typeof INTERVAL_TABLE

/** All candle lengths, shortest first. */
export const INTERVALS = Object.keys(INTERVAL_TABLE) as Interval[]

export function isInterval(text: unknown): text is Interval {
  return typeof text === 'string' && Object.hasOwn(INTERVAL_TABLE, text)
}

/** Length in seconds. */
export function seconds(interval: Interval): number {
  return INTERVAL_TABLE[interval].seconds
}

/** Open time of the candle that holds a time, both in Unix seconds. */
export function floor(interval: Interval, time: number): number {
  const { seconds, origin } = INTERVAL_TABLE[interval]
  return Math.floor((time - origin) / seconds) * seconds + origin
}

/** How traders write it: 15s, 1m, 4h, 1d. */
export function label(interval: Interval): string {
  return `${interval.slice(1)}${interval.charAt(0)}`
}

/** For tooltips and screen readers: "15 seconds". */
export function words(interval: Interval): string {
  return INTERVAL_TABLE[interval].words
}

/** The key that chooses it; '' when there is none. */
export function keyOf(interval: Interval): string {
  return INTERVAL_TABLE[interval].key
}

/** As many as have a key, shortest first, and the chosen one among them: it takes the place of its shorter neighbour. */
export function rowWith(chosen: Interval): Interval[] {
  const row = INTERVALS.filter((interval) => keyOf(interval) || interval === chosen)
  const place = row.indexOf(chosen)
  return keyOf(chosen) ? row : row.filter((_, i) => i !== (place > 0 ? place - 1 : 1))
}
