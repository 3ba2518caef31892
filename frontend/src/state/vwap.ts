import { floor, type Interval } from '../market/interval'
import { DAY, WEEK } from '../market/study/vwap'
import type { Prefs, PrefValues } from './prefs.svelte'

/** A candle from which on the VWAP of a coin counts, by when it begins, Unix seconds. */
export interface PickedCandle {
  mint: string
  time: number
}

/** Picked candles that are kept, the newest picks. */
export const MAX_PICKED = 50

/** When the candle begins that was picked for a coin, Unix seconds; 0 for none. */
export function pickedFor(values: PrefValues, mint: string): number {
  return values.vwapFrom.find((one) => one.mint === mint)?.time ?? 0
}

/** What the VWAP of a coin is made of: its session in seconds and, at candles of this interval, where it begins. */
export function vwapNumbers(values: PrefValues, mint: string, interval: Interval): readonly number[] {
  const picked = pickedFor(values, mint)
  return [values.vwapWeek ? WEEK : DAY, picked && floor(interval, picked)]
}

/** Lets the VWAP of a coin count from a candle on, and shows it; 0: by sessions again. */
export function pickCandle(prefs: Prefs, mint: string, time: number): void {
  const others = prefs.values.vwapFrom.filter((one) => one.mint !== mint)
  prefs.set('vwapFrom', time ? [{ mint, time }, ...others].slice(0, MAX_PICKED) : others)
  if (time) prefs.set('vwap', true)
}
