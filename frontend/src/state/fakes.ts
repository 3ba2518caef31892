import type { Rest } from '../api/rest'
import type { Candle, Klines } from '../api/client/index'
import { Stream } from '../api/stream'

export { candle } from '../market/fakes'

/** Values for tests of this folder and of the views. */
export function klines(list: Candle[], seq: number, hasNext = false): Klines {
  const paging = { total: list.length, page: 1, limit: 500, has_next: hasNext, has_prev: false }
  return { klines: list, seq, interval: 'm1', mint_account: 'MINT', ...paging }
}

/** A Rest of which only the given calls work. */
export function fakeRest(calls: Partial<Rest>): () => Rest {
  return () => calls as Rest
}

/** A real stream that is never opened and notes what is wanted of it. */
export class QuietStream extends Stream {
  wanted: string[] = []

  constructor() {
    const nothing = () => undefined
    const events = { link: nothing, history: nothing, kline: nothing, price: nothing, event: nothing }
    super(
      { base: 'http://127.0.0.1:9', token: '' },
      { ...events, token: nothing, alert: nothing, gap: nothing, error: nothing },
    )
  }

  override watchKline(symbol: string, interval: string, seq: number, store?: string): void {
    this.wanted.push(`+kline ${symbol} ${interval} ${seq}${store ? ` of ${store}` : ''}`)
  }

  override unwatchKline(symbol: string, interval: string): void {
    this.wanted.push(`-kline ${symbol} ${interval}`)
  }

  override watchEvents(symbol: string): void {
    this.wanted.push(`+events ${symbol}`)
  }

  override unwatchEvents(symbol: string): void {
    this.wanted.push(`-events ${symbol}`)
  }

  override watchPrices(symbols: readonly string[]): void {
    this.wanted.push(`prices ${symbols.join(' ')}`)
  }
}
