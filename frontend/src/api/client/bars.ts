import { type Endpoint, fetchAnswer, fetchData, readText, RestError, withQuery } from './http.js'
import type { Candle, Gap, Interval, Klines } from './wire.gen.js'

/** Which candles are wanted. Without bounds and a limit, all that are stored. */
export interface BarsQuery {
  /** Unix seconds, inclusive. */
  from?: number
  /** Unix seconds, inclusive. */
  to?: number
  /** The newest so many of them. */
  limit?: number
  signal?: AbortSignal
}

/** A gap with the block times of the stored events beside it, Unix seconds: what is missing lies between them. */
export interface DatedGap extends Gap {
  /** Absent: nothing older is stored. */
  from_time?: number
  /** Absent: nothing newer is stored. */
  to_time?: number
}

/** Candles of a stretch of time. */
export interface Bars {
  /** Oldest first. The open one is included; a bucket without trades has none. */
  candles: Candle[]
  /** Where trades may be missing, as far as it may lie among these candles: the program's, then the coin's own. */
  gaps: DatedGap[]
  /** All of it is as of this commit or a later one: `since` of `follow` goes on from here. */
  seq: number
  store: string | undefined
}

/** The store was made anew while it was read, and again after beginning anew. */
export class StoreChangedError extends Error {
  override readonly name = 'StoreChangedError'

  constructor() {
    super('the server has another store than when reading began')
  }
}

const PAGE = 1000
const ATTEMPTS = 5
const FIRST_DELAY_MS = 250

/**
 * Reads candles page by page to the end, and what is known to be missing. A failure that passes is tried again; else it rejects
 * with a RestError, with a StoreChangedError, or as `fetch` does when it is aborted.
 */
export async function readBars(server: Endpoint, mint: string, interval: Interval, query: BarsQuery): Promise<Bars> {
  for (let anew = 0; anew < 3; anew++) {
    const bars = await readOnce(server, mint, interval, query)
    if (bars) return bars
  }
  throw new StoreChangedError()
}

/** Undefined: the store changed on the way. */
async function readOnce(
  server: Endpoint,
  mint: string,
  interval: Interval,
  query: BarsQuery,
): Promise<Bars | undefined> {
  const { from, to, limit = Infinity, signal } = query
  const candles: Candle[] = []
  let first: Klines | undefined

  // From the newest back: what trades meanwhile moves no page that is still to be read.
  let before = to
  while (true) {
    const page = await readPage(server, mint, interval, { from, to: before, limit: limit - candles.length, signal })
    if (first && page.store !== first.store) return undefined
    first ??= page
    for (const candle of page.klines) candles.push(candle)
    const oldest = page.klines.at(-1)
    if (!oldest || !page.has_next || candles.length >= limit) break
    before = oldest.time - 1
  }
  candles.reverse()

  const begin = Math.max(from ?? -Infinity, Number.isFinite(limit) ? (candles[0]?.time ?? -Infinity) : -Infinity)
  const gaps = await readGaps(server, mint, {
    from: Number.isFinite(begin) ? begin : undefined,
    to: to === undefined ? undefined : to + seconds(interval),
    signal,
  })
  return { candles, gaps, seq: first.seq, store: first.store }
}

interface PageQuery {
  from?: number | undefined
  to?: number | undefined
  limit?: number
  /** Oldest first; else newest first. */
  ascending?: boolean
  signal?: AbortSignal | undefined
}

/** One page of candles, 1000 at most. */
export function readPage(server: Endpoint, mint: string, interval: Interval, query: PageQuery): Promise<Klines> {
  const { from, to, limit = PAGE, ascending, signal } = query
  const order_by = ascending ? 'time_asc' : 'time_desc'
  const path = withQuery('/api/kline', { mint, interval, order_by, from, to, limit: Math.min(limit, PAGE) })
  return patiently(() => fetchData(server, path, init(signal)), signal)
}

/** Gaps that were not filled, of the program and of a mint, as far as they may lie in a stretch of time. */
async function readGaps(
  server: Endpoint,
  mint: string,
  range: { from: number | undefined; to: number | undefined; signal: AbortSignal | undefined },
): Promise<DatedGap[]> {
  const { signal, ...bounds } = range
  const path = withQuery('/api/export', { mint, kind: 'gaps', format: 'jsonl', ...bounds })
  const text = await patiently(
    async () => readText(await fetchAnswer(server, path, init(signal)), init(signal)),
    signal,
  )
  const gaps = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as DatedGap)
  return gaps.filter((gap) => gap.state !== 'filled')
}

/** Tries again what may succeed later, a few times. */
async function patiently<T>(ask: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof RestError) || !error.passing || attempt >= ATTEMPTS) throw error
      await pause(FIRST_DELAY_MS * 2 ** (attempt - 1), signal)
    }
  }
}

/** Waits; rejects when it is aborted. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const wake = () => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }
    const timer = setTimeout(wake, milliseconds)
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    if (signal?.aborted) stop()
    else signal?.addEventListener('abort', stop, { once: true })
  })
}

function init(signal: AbortSignal | undefined): RequestInit {
  return signal ? { signal } : {}
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 }

/** How long a candle of an interval is. */
function seconds(interval: string): number {
  return (UNITS[interval.charAt(0)] ?? 0) * Number(interval.slice(1))
}
