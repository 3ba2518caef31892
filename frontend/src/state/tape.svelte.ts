import { isAbort, type Rest } from '../api/rest'
import type { Event, EventData, StreamGap } from '../api/client/index'
import type { Stream } from '../api/stream'
import { EVERYTHING, narrows, passes, type TapeFilter } from '../market/tape-filter'
import { joinTape, toTrade, type Trade } from '../market/trade'
import { onFrame } from './frame'
import { reason } from './reason'

const FIRST = 100
const KEPT = 250
/** Kept at most, however far back one has gone. */
const MOST = 10_000

/** Trades that are read at once further back. */
const PAGE = 500

/** Time and sales of the shown mint, newest first. */
export class Tape {
  trades = $state.raw<Trade[]>([])
  filter = $state.raw<TapeFilter>(EVERYTHING)
  /** Whether the filter is on screen. */
  filtering = $state(false)
  /** Those that the filter leaves. */
  listed: readonly Trade[] = $derived(
    narrows(this.filter) ? this.trades.filter((trade) => passes(trade, this.filter)) : this.trades,
  )
  /** Whether the store has older ones. */
  hasOlder = $state(false)
  /** Pages read so far. */
  #pages = 0
  loading = $state(false)
  error = $state('')
  #mint = ''
  #opening: AbortController | undefined
  #waiting: Trade[] = []
  #frame = onFrame(() => this.#flush())

  constructor(
    private readonly rest: () => Rest,
    private readonly stream: () => Stream,
  ) {}

  open(mint: string): void {
    if (mint === this.#mint) return
    this.#leave()
    this.#mint = mint
    // Live first, history after: whatever happens in between comes twice and is shown once.
    this.stream().watchEvents(mint)
    void this.reload()
  }

  /** Forgets the tape, for another server. */
  close(): void {
    this.#opening?.abort()
    this.#leave()
  }

  #leave(): void {
    if (this.#mint) this.stream().unwatchEvents(this.#mint)
    this.#mint = ''
    this.trades = []
    this.hasOlder = false
    this.#pages = 0
    this.#waiting = []
  }

  async reload(): Promise<void> {
    this.#opening?.abort()
    const opening = new AbortController()
    this.#opening = opening
    this.loading = true
    this.error = ''
    try {
      const page = await this.rest().events(this.#mint, FIRST, opening.signal)
      if (opening.signal.aborted) return
      this.#pages = 0
      this.hasOlder = page.has_next
      this.#take(page.events)
    } catch (error) {
      if (!opening.signal.aborted && !isAbort(error)) this.error = reason(error)
    } finally {
      if (!opening.signal.aborted) this.loading = false
    }
  }

  /** Shows the filter, or takes it away with what it leaves out. */
  toggleFilter(): void {
    this.filtering = !this.filtering
    if (!this.filtering) this.filter = EVERYTHING
  }

  /** Reads the page before the oldest, as long as there is one. */
  async older(): Promise<void> {
    if (this.loading || !this.hasOlder) return
    const opening = this.#opening
    this.loading = true
    this.error = ''
    try {
      const page = await this.rest().events(this.#mint, PAGE, opening?.signal, this.#pages + 1)
      if (opening?.signal.aborted) return
      this.#pages++
      this.hasOlder = page.has_next && this.#kept < MOST
      this.#take(page.events)
    } catch (error) {
      if (!opening?.signal.aborted && !isAbort(error)) this.error = reason(error)
    } finally {
      if (!opening?.signal.aborted) this.loading = false
    }
  }

  /** So many trades are kept: the newest, and as far back as was asked for. */
  get #kept(): number {
    return KEPT + this.#pages * PAGE
  }

  onEvent(data: EventData): void {
    if (data.symbol === this.#mint) this.#take([data.event_data])
  }

  onGap(notice: StreamGap): void {
    if (notice.topic === `events:${this.#mint}`) void this.reload()
  }

  #take(events: readonly Event[]): void {
    for (const event of events) {
      const trade = toTrade(event)
      if (trade) this.#waiting.push(trade)
    }
    this.#frame.request()
  }

  #flush(): void {
    this.trades = joinTape(this.trades, this.#waiting, this.#kept)
    this.#waiting = []
  }
}
