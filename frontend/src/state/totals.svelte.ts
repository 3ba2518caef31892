import type { Rest } from '../api/rest'
import type { Detail, EventData, Ticker } from '../api/client/index'

/** Totals are read again so long after something happened: once a second while the market is busy. */
const AFTER_MS = 1000
const DAY = 86_400

/** What the focused token did in the last 24 hours, live, and from when on that is known. */
export class Totals {
  /** Block time of the first stored event, Unix seconds; 0 while not known. */
  first = $state(0)
  #mint = ''
  #reading: AbortController | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #liquidated = false

  constructor(
    private readonly rest: () => Rest,
    private readonly take: (tickers: readonly Ticker[], details: readonly Detail[]) => void,
  ) {}

  open(mint: string): void {
    if (mint === this.#mint) return
    this.close()
    this.#mint = mint
    if (mint) void this.look()
  }

  close(): void {
    this.#reading?.abort()
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#mint = ''
    this.first = 0
  }

  /** Looks again how far the history reaches: it may have been read further back. */
  async look(): Promise<void> {
    if (!this.#mint) return
    this.#reading?.abort()
    const reading = new AbortController()
    this.#reading = reading
    try {
      const first = await this.rest().firstEvent(this.#mint, reading.signal)
      if (!reading.signal.aborted) this.first = first
    } catch {
      // The next look comes soon.
    }
  }

  onEvent(data: EventData): void {
    if (data.symbol !== this.#mint) return
    this.#liquidated ||= data.event_data.event_type === 'ForceLiquidate'
    this.#timer ??= setTimeout(() => void this.#read(), AFTER_MS)
  }

  /** Since when the last 24 hours are known of; 0 when it is all of them, or not known. */
  since(now: number): number {
    return this.first > now - DAY ? this.first : 0
  }

  async #read(): Promise<void> {
    const mint = this.#mint
    const liquidated = this.#liquidated
    this.#liquidated = false
    try {
      const [tickers, details] = await Promise.all([
        this.rest().tickers([mint], undefined, false),
        liquidated ? this.rest().details([mint]) : [],
      ])
      this.take(tickers, details)
    } catch {
      // The list reads them too, now and then.
    } finally {
      if (mint === this.#mint) this.#timer = undefined
    }
  }
}
