import type { Candle } from './candle'
import { floor, type Interval } from './interval'
import type { Trade } from './trade'

/** Amounts are added in whole smallest units, so many of which are one, so that sums are as exact as the server's. */
const adding = (units: number) => (a: number, b: number) => (Math.round(a * units) + Math.round(b * units)) / units
const paid = adding(1e9)
const tokens = adding(1e6)

/**
 * The newest candle once a trade has happened, as the server builds it: `last` with the trade in it, or a new candle that opens
 * at its close. Without a last one the first trade is the open. Undefined for what is no trade: it changes no candle. Throws when
 * the trade is of an earlier candle than the last.
 */
export function fold(interval: Interval, last: Candle | undefined, trade: Trade): Candle | undefined {
  const { price, side } = trade
  if (side === 'none' || !(price > 0)) return undefined
  const time = floor(interval, trade.time)
  if (last && time < last.time) throw new Error('a stored trade is earlier than those before it')

  const open = last?.close ?? price
  const flat = { time, open, high: open, low: open, volume: 0, quote_volume: 0, buy_volume: 0, trades: 0 }
  const before = last?.time === time ? last : flat
  const provisional = (before === last && last.provisional) || trade.provisional
  return {
    ...before,
    high: Math.max(before.high, price),
    low: Math.min(before.low, price),
    close: price,
    volume: tokens(before.volume, trade.tokens),
    quote_volume: paid(before.quote_volume, trade.paid),
    buy_volume: side === 'buy' ? tokens(before.buy_volume, trade.tokens) : before.buy_volume,
    trades: before.trades + 1,
    provisional,
    corrected: false,
    is_final: false,
    update_type: 'realtime',
    update_count: 0,
  }
}
