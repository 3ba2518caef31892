import type { Indicator } from '../indicator'

/** Sessions of a VWAP, in seconds. */
export const DAY = 86_400
export const WEEK = 7 * DAY

/** The first Monday, midnight UTC, Unix seconds: weeks begin with it, and so do days. */
const MONDAY = 4 * DAY

/**
 * The price paid per token on average, from what was really traded: the sum paid over tokens. It begins anew with each session of so
 * many seconds; or (`from` other than 0) it begins once, with the first bar at or after that time, Unix seconds, and says nothing
 * while the bars given begin later.
 */
export function volumeWeightedPrice(session = DAY, from = 0): Indicator {
  const values: number[] = []
  const quote: number[] = []
  const tokens: number[] = []
  const sessionOf = (time: number) => (from ? Number(time >= from) : Math.floor((time - MONDAY) / session))

  return {
    lines: [values],
    fill(bars, place) {
      for (const list of [values, quote, tokens]) list.length = bars.length
      const unknown = from !== 0 && (bars[0]?.time ?? 0) > from

      for (let i = place; i < bars.length; i++) {
        const [bar, before] = [bars[i], bars[i - 1]]
        if (!bar) break
        const goesOn = before !== undefined && sessionOf(before.time) === sessionOf(bar.time)
        const paid = bar.quote_volume + (goesOn ? (quote[i - 1] ?? 0) : 0)
        const size = bar.volume + (goesOn ? (tokens[i - 1] ?? 0) : 0)
        quote[i] = paid
        tokens[i] = size
        values[i] = size > 0 && !unknown && bar.time >= from ? paid / size : NaN
      }
    },
  }
}
