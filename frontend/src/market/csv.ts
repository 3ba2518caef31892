import type { Candle } from './candle'
import { exactNumber } from './price'

const COLUMNS = ['time', 'open', 'high', 'low', 'close', 'volume', 'quote_volume', 'trades', 'buy_volume'] as const

/** Candles as CSV, every digit written out, oldest first as given. */
export function candlesToCsv(candles: readonly Candle[]): string {
  const lines = candles.map((candle) =>
    [...COLUMNS.map((column) => exactNumber(candle[column])), String(candle.is_final)].join(','),
  )
  return [[...COLUMNS, 'is_final'].join(','), ...lines, ''].join('\n')
}
