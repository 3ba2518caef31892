import { pause, readPage } from './bars.js'
import type { Client } from './client.js'
import { type Closable, Follower, type FollowOptions, MAX_WAITING, type Position, RETRY_MS } from './follower.js'
import { type Endpoint, RestError } from './http.js'
import type { Subscription } from './types.js'
import type { Candle, HistoryData, Interval, KlineData, Klines, StreamGap, WatchStatus } from './wire.gen.js'

/** A candle in its present state. It replaces the one of the same `time`; with `trades: 0` there is none any more. */
export interface CandleUpdate {
  type: 'candle'
  candle: Candle
  /** The state is that of this commit, or of a later one. It never goes back but after a reset. */
  seq: number
  store: string | undefined
}

/** What was told from a time on is void: it is told anew, as it stands now, by the updates that follow. */
export interface Reset {
  type: 'reset'
  /**
   * `gap`: changes were missed that the server cannot replay. `store`: the server has another store. `history`: the older
   * history of a coin, which is followed because a client asked for it, was read.
   */
  cause: 'gap' | 'store' | 'history'
  reason: string
  /** Unix seconds: nothing older is void. undefined: everything is. */
  from: number | undefined
  store: string | undefined
}

/** How far a coin is that is followed because a client asked for it. */
export interface WatchUpdate {
  type: 'watch'
  status: WatchStatus
}

export type FollowUpdate = CandleUpdate | Reset | WatchUpdate

export interface CandleOptions extends FollowOptions {
  /** Begins with the newest so many candles: as many as the server gives (100) unless told. */
  limit?: number
  /** Begins with the candles from here on, Unix seconds; with `since`, where what the reader holds begins. */
  from?: number
}

interface Entry {
  candle: Candle
  seq: number
  /** When this was taken, everything up to this commit was. */
  whole?: number
}

/** Candles that are still to be read by REST, a page at a time. */
interface Older {
  pages: AsyncGenerator<Entry[]>
  stop: AbortController
}

/** So many candles are remembered, to tell none twice. */
const MAX_SENT = 10_000

/** The candles of a mint: those that are there, then each change once, in order, whatever happens to connection and server. */
export class CandleFollower extends Follower<FollowUpdate> {
  readonly #live: Client
  readonly #server: Endpoint
  readonly #mint: string
  readonly #interval: Interval
  readonly #options: CandleOptions

  #position: Position | undefined
  #store: string | undefined
  /** The reader has candles of #store, or is being given them. */
  #begun: boolean
  /** Where what the reader has begins, if that is known. */
  #first: number | undefined
  #firstKnown: boolean
  /** Why what the reader has cannot be brought up to date. */
  #missed: string | undefined

  // What waits, in this order.
  #watch: WatchStatus | undefined
  #reset: Reset | undefined
  #front: Entry[] = []
  #older: Older | undefined
  /** Newer states of one candle replace each other. */
  readonly #back = new Map<number, Entry>()

  /** The newest that was told, by time: a resume brings some of it again, and a change may come to nothing. */
  readonly #sent = new Map<number, Candle>()
  /** Pages that were read by REST: what was pushed up to their commits is in them. */
  #covered: { from: number; to: number; seq: number }[] = []

  constructor(
    live: Client,
    server: Endpoint,
    mint: string,
    interval: Interval,
    options: CandleOptions,
    ended: (follower: Closable) => void,
  ) {
    super(options.signal, ended)
    this.#live = live
    this.#server = server
    this.#mint = mint
    this.#interval = interval
    this.#options = options
    const { since, from } = options
    this.#position = since
    this.#store = since?.store
    this.#begun = since !== undefined
    this.#first = since && from
    this.#firstKnown = !since || from !== undefined
  }

  override get position(): Position | undefined {
    return this.#position
  }

  protected override subscribe(): Subscription {
    if (this.#begun && !this.#position) this.#missed ??= 'the reader was too slow'
    const { seq: since, store } = this.#position ?? {}
    return this.#live.candles(this.#mint, this.#interval, {
      since,
      store,
      onHistory: (history) => this.#onHistory(history),
      onCandle: (push) => this.#onCandle(push),
      onWhole: (history) => this.#restart(history, 'history', 'the history of the coin was read'),
      onGap: (gap) => this.#onGap(gap),
      onWatch: (status) => {
        this.#watch = status
        this.wake()
      },
      onError: (error) => this.refused(error),
    })
  }

  protected override take(): FollowUpdate | undefined {
    if (this.#watch) {
      const status = this.#watch
      this.#watch = undefined
      return { type: 'watch', status }
    }
    if (this.#reset) {
      const reset = this.#reset
      this.#reset = undefined
      return reset
    }
    const ahead = this.#front.shift()
    if (ahead) return this.#tell(ahead)
    if (this.#older) return undefined
    for (const [time, entry] of this.#back) {
      this.#back.delete(time)
      if (entry.whole !== undefined) this.#position = { seq: entry.whole, store: this.#store }
      const known = this.#sent.get(time)
      if (this.#isCovered(entry) || (known && same(known, entry.candle))) continue
      return this.#tell(entry)
    }
    return undefined
  }

  protected override fetch(): Promise<void> | undefined {
    return this.#older && this.#readOlder(this.#older)
  }

  protected override clear(): void {
    this.#front = []
    this.#older?.stop.abort()
    this.#older = undefined
    this.#back.clear()
    this.#covered = []
  }

  #tell({ candle, seq }: Entry): CandleUpdate {
    const { time } = candle
    if (this.#firstKnown) this.#first = Math.min(this.#first ?? Infinity, time)
    this.#sent.delete(time)
    this.#sent.set(time, candle)
    if (this.#sent.size > MAX_SENT) for (const [oldest] of this.#sent) if (this.#sent.delete(oldest)) break
    return { type: 'candle', candle, seq, store: this.#store }
  }

  #onHistory(history: HistoryData): void {
    const { store, seq, data } = history
    const known = this.#store
    const missed = this.#missed
    this.#missed = undefined
    if (!this.#begun) {
      this.#begin(history)
    } else if (known !== undefined && store !== undefined && store !== known) {
      this.#restart(history, 'store', missed ?? 'the server has another store')
    } else if (missed !== undefined) {
      this.#restart(history, 'gap', missed)
    } else {
      this.#store = store
      for (const candle of data) this.#queue({ candle, seq })
      this.#whole(seq)
    }
    this.#bound()
  }

  #onCandle({ data: candle, seq }: KlineData): void {
    this.#queue({ candle, seq, whole: seq })
    this.#bound()
  }

  #onGap(gap: StreamGap): void {
    this.#missed = gap.reason
    this.#position = undefined
    // A history follows only where one was asked for.
    if (this.ready) this.start()
  }

  #bound(): void {
    if (this.#back.size > MAX_WAITING) this.overflow()
    else this.wake()
  }

  #restart(history: HistoryData, cause: Reset['cause'], reason: string): void {
    const other = cause === 'store' || this.#reset?.cause === 'store'
    if (other) this.#first = undefined
    this.clear()
    this.#sent.clear()
    this.#position = undefined
    this.#reset = { type: 'reset', cause: other ? 'store' : cause, reason, from: this.#first, store: history.store }
    this.#begin(history)
    this.#bound()
  }

  /** Tells what there is: the history, and what lies before it as far as it is wanted. */
  #begin({ store, seq, has_more, data }: HistoryData): void {
    const { limit, from: wanted } = this.#options
    const from = this.#first ?? wanted
    this.#store = store
    this.#begun = true
    this.#firstKnown = true

    const begin = data[0]?.time
    if (from !== undefined) data = data.filter(({ time }) => time >= from)
    else if (limit !== undefined && data.length > limit) data = data.slice(data.length - limit)
    if (has_more && begin !== undefined) {
      const lacking = (limit ?? 0) - data.length
      const stop = new AbortController()
      if (from !== undefined && from < begin)
        this.#older = { stop, pages: this.#pages(from, begin - 1, seq, stop.signal) }
      else if (from === undefined && lacking > 0)
        this.#older = { stop, pages: this.#newest(lacking, begin - 1, seq, stop.signal) }
    }

    for (const candle of data) this.#queue({ candle, seq })
    this.#whole(seq)
  }

  #queue(entry: Entry): void {
    this.#back.delete(entry.candle.time)
    this.#back.set(entry.candle.time, entry)
  }

  /** With what waits now, everything up to a commit is told. */
  #whole(seq: number): void {
    const last = [...this.#back.values()].at(-1)
    if (last) last.whole = seq
    else this.#position = { seq, store: this.#store }
  }

  async #readOlder(older: Older): Promise<void> {
    try {
      const page = await older.pages.next()
      if (this.#older !== older) return
      if (page.done) this.#older = undefined
      else this.#front = page.value
    } catch (error) {
      if (this.#older !== older) return
      this.clear()
      this.fail(error as Error)
    }
  }

  /** The candles of a stretch of time, oldest first, told as of a commit. */
  async *#pages(from: number, to: number, seq: number, signal: AbortSignal): AsyncGenerator<Entry[]> {
    for (let more = true; more;) {
      const page = await this.#page({ from, to, ascending: true, signal })
      this.#cover(page)
      yield page.klines.map((candle) => ({ candle, seq }))
      more = page.has_next && page.klines.length > 0
      from = (page.klines.at(-1)?.time ?? from) + 1
    }
  }

  /** The newest so many candles up to a time, oldest first. */
  async *#newest(count: number, to: number, seq: number, signal: AbortSignal): AsyncGenerator<Entry[]> {
    const entries: Entry[] = []
    for (let more = true; more;) {
      const page = await this.#page({ to, limit: count - entries.length, signal })
      this.#cover(page)
      for (const candle of page.klines) entries.push({ candle, seq })
      more = page.has_next && page.klines.length > 0 && entries.length < count
      to = (page.klines.at(-1)?.time ?? to) - 1
    }
    yield entries.reverse()
  }

  /** A page, however long the server is away. When it comes back with another store, we shall hear of that. */
  async #page(query: Parameters<typeof readPage>[3] & { signal: AbortSignal }): Promise<Klines> {
    while (true) {
      try {
        const page = await readPage(this.#server, this.#mint, this.#interval, query)
        if (page.store === this.#store) return page
      } catch (error) {
        if (!(error instanceof RestError) || !error.passing) throw error
      }
      await pause(RETRY_MS, query.signal)
    }
  }

  #cover({ klines, seq }: Klines): void {
    const times = klines.map(({ time }) => time)
    if (times.length > 0) this.#covered.push({ from: Math.min(...times), to: Math.max(...times), seq })
  }

  #isCovered({ candle: { time }, seq }: Entry): boolean {
    if (this.#covered.length === 0) return false
    this.#covered = this.#covered.filter((page) => page.seq >= seq)
    return this.#covered.some(({ from, to }) => from <= time && time <= to)
  }
}

const FIELDS = [
  'open',
  'high',
  'low',
  'close',
  'volume',
  'quote_volume',
  'buy_volume',
  'trades',
  'is_final',
  'corrected',
  'provisional',
] as const satisfies (keyof Candle)[]

function same(one: Candle, other: Candle): boolean {
  return FIELDS.every((field) => one[field] === other[field])
}
