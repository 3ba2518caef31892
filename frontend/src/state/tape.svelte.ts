import { isAbort, type Rest } from '../api/rest'
import type { Event, EventData, StreamGap } from '../api/client/index'
import type { Stream } from '../api/stream'
import { joinTape, toTrade, type Trade } from '../market/trade'
import { onFrame } from './frame'
import { reason } from './reason'

const FIRST = 100
const KEPT = 250

/** Time and sales of the shown mint, newest first. */
export class Tape {
  trades = $state.raw<Trade[]>([])
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
    if (this.#mint) this.stream().unwatchEvents(this.#mint)
    this.#mint = mint
    this.trades = []
    this.#waiting = []
    // Live first, history after: whatever happens in between comes twice and is shown once.
    this.stream().watchEvents(mint)
    void this.reload()
  }

  /** Forgets the tape, for another server. */
  close(): void {
    this.#opening?.abort()
    if (this.#mint) this.stream().unwatchEvents(this.#mint)
    this.#mint = ''
    this.trades = []
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
      if (!opening.signal.aborted) this.#take(page.events)
    } catch (error) {
      if (!opening.signal.aborted && !isAbort(error)) this.error = reason(error)
    } finally {
      if (!opening.signal.aborted) this.loading = false
    }
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
    this.trades = joinTape(this.trades, this.#waiting, KEPT)
    this.#waiting = []
  }
}
