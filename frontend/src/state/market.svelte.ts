import { isAbort, type Rest, RestError } from '../api/rest'
import type { HistoryData, KlineData, StreamGap } from '../api/client/index'
import type { Stream } from '../api/stream'
import { type Bar, CandleSeries, type Change } from '../market/candle'
import type { Interval } from '../market/interval'
import { onFrame } from './frame'

/** What draws the series. Called at most once per animation frame. */
export interface ChartSink {
  /** Everything anew; `reset` when it is another series and not more of the same. */
  rebuild(bars: Bar[], reset: boolean, hasOlder: boolean): void
  update(bar: Bar, late: boolean): void
}

export type MarketPhase = 'idle' | 'loading' | 'ready' | 'empty' | 'error'

const FIRST_PAGE = 500
const OLDER_PAGE = 1000

/** The shown mint and interval: its candles, joined from history and live pushes. */
export class Market {
  mint = $state('')
  interval = $state<Interval>('m1')
  phase = $state<MarketPhase>('idle')
  error = $state('')
  /** The newest bar, as drawn. */
  last = $state.raw<Bar | undefined>(undefined)
  /** Bars shown. */
  count = $state(0)
  loadingOlder = $state(false)
  /** Set when the server could not replay all that was missed, and the series was read anew. */
  gap = $state('')
  updates = 0

  readonly series = new CandleSeries()
  #sink: ChartSink | undefined
  #dirty = new Set<number>()
  #rebuild: 'no' | 'more' | 'reset' = 'no'
  #drawn = -Infinity
  #opening: AbortController | undefined
  /** Whether the pushes were asked for: others may want the same ones. */
  #watching = false
  #frame = onFrame(() => this.#flush())

  constructor(
    private readonly rest: () => Rest,
    private readonly stream: () => Stream,
  ) {}

  /** Hands the series to what draws it; returns how to stop. */
  attach(sink: ChartSink): () => void {
    this.#sink = sink
    this.#schedule('reset')
    return () => {
      if (this.#sink === sink) this.#sink = undefined
    }
  }

  async open(mint: string, interval: Interval): Promise<void> {
    if (mint === this.mint && interval === this.interval && this.phase !== 'error' && this.phase !== 'idle') return
    this.#unwatch()
    this.mint = mint
    this.interval = interval
    await this.#load()
  }

  /** Forgets the series, for another server. */
  close(): void {
    this.#opening?.abort()
    this.#unwatch()
    this.mint = ''
    this.series.clear()
    this.phase = 'idle'
    this.#schedule('reset')
  }

  /** Reads the whole series anew. */
  async reload(): Promise<void> {
    if (!this.mint) return
    this.#unwatch()
    await this.#load()
  }

  #unwatch(): void {
    if (this.#watching) this.stream().unwatchKline(this.mint, this.interval)
    this.#watching = false
  }

  async #load(): Promise<void> {
    this.#opening?.abort()
    const opening = new AbortController()
    this.#opening = opening
    const { mint, interval } = this
    this.series.clear()
    this.gap = ''
    this.loadingOlder = false
    this.phase = 'loading'
    try {
      const page = await this.rest().klines(mint, interval, { limit: FIRST_PAGE }, opening.signal)
      if (opening.signal.aborted) return
      this.series.merge(page.klines, page.seq, page.has_next)
      this.#rebuild = 'reset'
      this.phase = 'empty'
      // At once: the person waits, and the chart itself draws with the next frame.
      this.#flush()
      // From the page's own commit on: nothing can fall between history and live.
      this.stream().watchKline(mint, interval, page.seq, page.store)
      this.#watching = true
    } catch (error) {
      if (opening.signal.aborted || isAbort(error)) return
      this.error = error instanceof RestError ? error.message : String(error)
      this.phase = 'error'
    }
  }

  /** Fetches the page before the oldest bar, if there is one. */
  async loadOlder(): Promise<void> {
    const oldest = this.series.oldest
    const signal = this.#opening?.signal
    if (this.loadingOlder || !oldest || !this.series.hasOlder || !signal) return
    this.loadingOlder = true
    try {
      const range = { limit: OLDER_PAGE, to: oldest.time - 1 }
      const page = await this.rest().klines(this.mint, this.interval, range, signal)
      if (signal.aborted) return
      if (this.series.merge(page.klines, page.seq, page.has_next) !== 'none') this.#schedule('more')
    } catch {
      // Scrolling on asks again.
    } finally {
      if (!signal.aborted) this.loadingOlder = false
    }
  }

  onHistory(data: HistoryData): void {
    if (!this.#isShown(data)) return
    if (data.seq < this.series.seq) {
      // The server counts from below what it had told: its store was replaced.
      void this.reload()
      return
    }
    this.#note(data.data.map((candle) => [candle.time, this.series.merge([candle], data.seq)]))
  }

  onKline(data: KlineData): void {
    if (!this.#isShown(data)) return
    this.updates++
    this.#note([[data.data.time, this.series.push(data.data, data.seq)]])
  }

  onGap(notice: StreamGap): void {
    if (notice.topic !== `kline:${this.mint}:${this.interval}`) return
    void this.reload().then(() => {
      this.gap = notice.reason
    })
  }

  #isShown(data: { symbol: string; interval: string }): boolean {
    return data.symbol === this.mint && data.interval === this.interval && this.phase !== 'loading'
  }

  #note(changes: [number, Change][]): void {
    for (const [time, change] of changes) {
      if (change === 'none') continue
      if (change === 'rebuild') this.#schedule('more')
      else this.#dirty.add(time)
    }
    if (this.#dirty.size > 0) this.#frame.request()
  }

  #schedule(kind: 'more' | 'reset'): void {
    if (this.#rebuild !== 'reset') this.#rebuild = kind
    this.#frame.request()
  }

  #flush(): void {
    const sink = this.#sink
    if (this.#rebuild !== 'no' && sink) {
      sink.rebuild(this.series.bars, this.#rebuild === 'reset', this.series.hasOlder)
      this.#rebuild = 'no'
    } else if (sink) {
      for (const time of [...this.#dirty].sort((a, b) => a - b)) {
        const bar = this.series.at(time)
        if (bar) sink.update(bar, time < this.#drawn)
        this.#drawn = Math.max(this.#drawn, time)
      }
    }
    this.#dirty.clear()
    this.#drawn = this.series.last?.time ?? -Infinity
    this.last = this.series.last
    this.count = this.series.length
    if (this.phase === 'ready' || this.phase === 'empty') this.phase = this.count > 0 ? 'ready' : 'empty'
  }
}
