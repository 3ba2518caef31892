import type { Interval } from '../market/interval'
import type { ListSort } from '../market/list-sort'
import type { TapeEvent } from '../market/trade'
import { type Endpoint, fetchAnswer, fetchData, type Query, RestError, withQuery } from './client/http'
import type {
  Alerts,
  CoinTraders,
  DBStats,
  Detail,
  Details,
  Endpoints,
  Events,
  Gaps,
  Klines,
  KlineStatus,
  Liquidations,
  Log,
  LogRecord,
  Marks,
  MintOrders,
  Order,
  Mints,
  Status,
  Subscriptions,
  Ticker,
  Tickers,
  USD,
  UserEvents,
  UserOrders,
  Venue,
  Wallet,
  Watch,
} from './client/index'

export { type Endpoint, RestError }

export type MintSort = 'created_desc' | 'last_trade_desc'
export type TickerSort = ListSort
export type Window = Tickers['window']

/** The REST side of the server. Every call may be aborted and rejects with a RestError. */
export class Rest {
  constructor(private readonly endpoint: Endpoint) {}

  klines(
    mint: string,
    interval: Interval,
    range: { limit: number; from?: number; to?: number },
    signal?: AbortSignal,
  ): Promise<Klines> {
    return this.#get('/api/kline', { mint, interval, order_by: 'time_desc', ...range }, signal)
  }

  events(mint: string, limit: number, signal?: AbortSignal, page = 1): Promise<Events> {
    return this.#get('/api/events', { mint, limit, page, order_by: 'slot_desc' }, signal)
  }

  /** Events of a mint from its first on. */
  eventsUp(mint: string, limit: number, page: number, signal?: AbortSignal): Promise<Events> {
    return this.#get('/api/events', { mint, limit, page, order_by: 'slot_asc' }, signal)
  }

  /** Block time of the first stored event of a mint, Unix seconds; 0 for none. */
  async firstEvent(mint: string, signal?: AbortSignal): Promise<number> {
    const { events } = await this.eventsUp(mint, 1, 1, signal)
    return Math.floor(Date.parse(events[0]?.timestamp ?? '') / 1000) || 0
  }

  /** Liquidations and trades of at least so many units of the quote by candle: those before `cursor`, in a range of block times. */
  marks(
    mint: string,
    interval: Interval,
    range: { from: number; to?: number; large: number; cursor?: string },
    signal?: AbortSignal,
  ): Promise<Marks> {
    const { from, to, large, cursor } = range
    // Whole lamports, without an exponent; without a size there are no large trades.
    const least = Number.isFinite(large) ? large.toFixed(9) : undefined
    return this.#get('/api/marks', { mint, interval, from, to, min_size: least, cursor }, signal)
  }

  orders(mint: string, type: 'up_orders' | 'down_orders', limit: number, signal?: AbortSignal): Promise<MintOrders> {
    return this.#get('/api/mint_orders', { mint, type, limit }, signal)
  }

  /** The open orders of a mint, those of each side that are nearest to its price, with what they are worth. */
  liquidations(mint: string, limit: number, signal?: AbortSignal): Promise<Liquidations> {
    return this.#get('/api/liquidations', { mint, limit }, signal)
  }

  /** The positions of a wallet, those traded last first; with a mint, that one. */
  wallet(address: string, limit: number, signal?: AbortSignal, mint?: string): Promise<Wallet> {
    return this.#get(`/api/wallets/${encodeURIComponent(address)}`, { limit, mint }, signal)
  }

  /** Who traded a coin. */
  traders(mint: string, sort: string, limit: number, signal?: AbortSignal): Promise<CoinTraders> {
    return this.#get(`/api/mints/${encodeURIComponent(mint)}/traders`, { order_by: sort, limit }, signal)
  }

  async userOrders(user: string, mint: string, signal?: AbortSignal): Promise<Order[]> {
    return (await this.#get<UserOrders>('/api/user_orders', { user, mint }, signal)).orders
  }

  /** The newest events of an account on a coin. */
  async userEvents(user: string, mint: string, limit: number, signal?: AbortSignal): Promise<TapeEvent[]> {
    const { transactions } = await this.#get<UserEvents>('/api/user_event', { user, mint, limit }, signal)
    return transactions.map(({ event_data: event }) => event as TapeEvent)
  }

  /** Who there is: those too that trade and were created before the stored history. */
  mints(sort: MintSort, limit: number, cursor?: string, signal?: AbortSignal): Promise<Mints> {
    return this.#get('/api/mints', { which: 'all', sort_by: sort, limit, cursor }, signal)
  }

  /** The mints that traded in the last 24 hours, ranked by what they did in a window. */
  async ranking(
    sort: TickerSort,
    window: Window,
    limit: number,
    signal?: AbortSignal,
    chosen: Query = {},
  ): Promise<Ticker[]> {
    return (await this.#get<Tickers>('/api/tickers', { sort_by: sort, window, limit, ...chosen }, signal)).tickers
  }

  /** What some mints, at most 100, did lately, with the lines of their day and how near graduation they are. */
  async tickers(mints: readonly string[], signal?: AbortSignal, spark = true): Promise<Ticker[]> {
    if (mints.length === 0) return []
    const query = new URLSearchParams([
      ...mints.map((mint) => ['mint', mint]),
      ['spark', String(spark)],
      ['progress', String(spark)],
    ])
    return (await this.#get<Tickers>(`/api/tickers?${query}`, {}, signal)).tickers
  }

  async details(mints: readonly string[], signal?: AbortSignal): Promise<Detail[]> {
    if (mints.length === 0) return []
    const answer = await fetchData<Details>(this.endpoint, '/api/details', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ mints }),
      ...(signal && { signal }),
    })
    return answer.details
  }

  /** Those that may miss something of a coin. */
  gaps(mint: string, signal?: AbortSignal): Promise<Gaps> {
    return this.#get('/api/gaps', { mint }, signal)
  }

  status(signal?: AbortSignal): Promise<Status> {
    return this.#get('/api/events/status', {}, signal)
  }

  /** What SOL costs in US dollars. */
  usd(signal?: AbortSignal): Promise<USD> {
    return this.#get('/api/usd', {}, signal)
  }

  /** Where a coin trades: its curve or its pool. */
  venue(mint: string, signal?: AbortSignal): Promise<Venue> {
    return this.#get('/api/venue', { mint }, signal)
  }

  /** The coins that are followed by their own addresses. */
  watch(signal?: AbortSignal): Promise<Watch> {
    return this.#get('/api/watch', {}, signal)
  }

  alerts(page: number, limit: number, signal?: AbortSignal): Promise<Alerts> {
    return this.#get('/api/alerts', { page, limit }, signal)
  }

  endpoints(signal?: AbortSignal): Promise<Endpoints> {
    return this.#get('/api/endpoints', {}, signal)
  }

  log(level: LogRecord['level'], after: number, signal?: AbortSignal): Promise<Log> {
    return this.#get('/api/log', { level, after }, signal)
  }

  subscriptions(signal?: AbortSignal): Promise<Subscriptions> {
    return this.#get('/api/kline/subscriptions', {}, signal)
  }

  dbStats(signal?: AbortSignal): Promise<DBStats> {
    return this.#get('/api/events/db-stats', {}, signal)
  }

  klineStatus(signal?: AbortSignal): Promise<KlineStatus> {
    return this.#get('/api/kline/status', {}, signal)
  }

  /**
   * Where a token's picture is: its address, or with a token, which an img element cannot send, the picture itself as a
   * data URL.
   */
  async picture(mint: string, signal?: AbortSignal): Promise<string> {
    const path = `/api/image/${encodeURIComponent(mint)}`
    if (!this.endpoint.token) return this.endpoint.base + path
    const response = await fetchAnswer(this.endpoint, path, signal ? { signal } : {})
    return dataUrl(await response.blob())
  }

  /** A file that the server streams, as it writes it; `progress` hears of each chunk. */
  async download(path: string, progress: (chunk: Uint8Array) => void, signal: AbortSignal): Promise<Blob> {
    const response = await fetchAnswer(this.endpoint, path, { signal }, 0)
    if (!response.body) return response.blob()
    const chunks: Uint8Array<ArrayBuffer>[] = []
    const reader = response.body.getReader()
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        chunks.push(part.value as Uint8Array<ArrayBuffer>)
        progress(part.value)
      }
    } catch (cause) {
      if (signal.aborted) throw cause
      throw new RestError('the download broke off: the server’s log says why', 0)
    }
    return new Blob(chunks, { type: response.headers.get('Content-Type') ?? '' })
  }

  #get<T>(path: string, query: Query, signal?: AbortSignal): Promise<T> {
    return fetchData(this.endpoint, withQuery(path, query), signal ? { signal } : {})
  }
}

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(new RestError('the picture cannot be read', 0))
    reader.readAsDataURL(blob)
  })
}

/** Whether a rejection is only the abort of a call that is no longer wanted. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError'
}
