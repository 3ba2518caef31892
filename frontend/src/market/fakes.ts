import type { Candle } from './candle'

/** A candle for tests. */
export function candle(time: number, close = 1, more: Partial<Candle> = {}): Candle {
  return {
    time,
    open: 1,
    high: Math.max(1, close),
    low: Math.min(1, close),
    close,
    volume: 10,
    quote_volume: 10,
    trades: 1,
    buy_volume: 5,
    is_final: true,
    update_type: 'final',
    update_count: 1,
    ...more,
  }
}
