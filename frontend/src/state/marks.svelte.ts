import { isAbort, type Rest } from '../api/rest'
import type { EventData, StreamGap } from '../api/client/index'
import type { Interval } from '../market/interval'
import { type Mark, RecentMarks } from '../market/mark'
import { largeFrom, toTrade } from '../market/trade'
import { onFrame } from './frame'

/** Recent events that say what a large trade is. */
const RECENT = 1000
/** A trade among this largest share of the recent ones is a large one. */
const LARGE_SHARE = 50
/** Answers read for one stretch of bars at most: the chart says where they end. */
const MAX_ANSWERS = 50
/** Events kept that come in while the first answer is under way. */
const MAX_WAITING = 1000
const RETRY_MS = 5000

/** What is marked at the candles of the shown series, as far back as its bars reach; read only while it is wanted. */
export class Marks {
  list = $state.raw<readonly Mark[]>([])
  /** Bars that begin earlier are not marked, or not whole; -Infinity when all are. */
  from = $state(-Infinity)
  #mint = ''
  #interval: Interval = 'm1'
  #wanted = false
  /** When the oldest bar begins, Unix seconds. */
  #oldest = Infinity
  #marks: RecentMarks | undefined
  /** Where reading goes on, within the stretch that was asked for. */
  #cursor: string | undefined
  #reading: AbortController | undefined
  #waiting: EventData[] = []
  /** The commit that the first answer stood at. */
  #seq = Infinity
  #frame = onFrame(() => this.#flush())

  constructor(private readonly rest: () => Rest) {}

  /** Says whether anything of this is on screen. */
  want(wanted: boolean): void {
    if (wanted === this.#wanted) return
    this.#wanted = wanted
    this.reload()
  }

  /** Says which bars there are: of whom, how long, from when on. Nothing before the first bars are known. */
  see(mint: string, interval: Interval, oldest: number | undefined): void {
    const other = mint !== this.#mint || interval !== this.#interval
    this.#mint = mint
    this.#interval = interval
    this.#oldest = oldest ?? Infinity
    if (other) this.reload()
    else void this.#read()
  }

  /** Reads everything anew; also the cure for what a cut connection may have kept away. */
  reload(): void {
    this.#reading?.abort()
    this.#reading = undefined
    this.#marks = this.#cursor = undefined
    this.#waiting = []
    this.#seq = Infinity
    this.#frame.request()
    void this.#read()
  }

  onEvent(data: EventData): void {
    if (data.symbol !== this.#mint || !this.#wanted) return
    if (!this.#marks) {
      if (this.#waiting.length < MAX_WAITING) this.#waiting.push(data)
    } else if (data.seq > this.#seq && this.#marks.happen(data.event_data)) this.#frame.request()
  }

  onGap(notice: StreamGap): void {
    if (notice.topic === `events:${this.#mint}`) this.reload()
  }

  async #read(): Promise<void> {
    const from = this.#oldest
    if (this.#reading || !this.#wanted || !this.#mint || from === Infinity || from >= (this.#marks?.from ?? Infinity))
      return
    const reading = new AbortController()
    this.#reading = reading
    try {
      await this.#readBack(from, reading.signal)
    } catch (error) {
      // The chart says how far marks reach until another try succeeds.
      if (!isAbort(error) && !reading.signal.aborted) await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
    if (this.#reading !== reading) return
    this.#reading = undefined
    // Older bars may have come meanwhile.
    if (this.#oldest < from || (this.#marks?.from ?? Infinity) === Infinity) void this.#read()
  }

  async #readBack(from: number, signal: AbortSignal): Promise<void> {
    const [mint, interval] = [this.#mint, this.#interval]
    const large = this.#marks?.large ?? (await this.#largeOf(mint, signal))
    let to = this.#marks ? this.#marks.from - 1 : undefined
    for (let answers = 0; answers < MAX_ANSWERS; answers++) {
      const cursor = this.#cursor
      const range = { from, large, ...(cursor && { cursor }), ...(!cursor && to !== undefined && { to }) }
      const answer = await this.rest().marks(mint, interval, range, signal)
      if (signal.aborted) return

      const marks = (this.#marks ??= new RecentMarks(interval, large))
      marks.add(answer.marks, answer.reached)
      if (this.#seq === Infinity) {
        this.#seq = answer.seq
        for (const data of this.#waiting.splice(0)) if (data.seq > answer.seq) marks.happen(data.event_data)
      }
      this.#cursor = answer.next_cursor ?? undefined
      this.#frame.request()
      if (!this.#cursor) return
      to = undefined
    }
  }

  async #largeOf(mint: string, signal: AbortSignal): Promise<number> {
    const { events } = await this.rest().events(mint, RECENT, signal)
    return largeFrom(
      events.map((event) => (event.event_type === 'ForceLiquidate' ? 0 : (toTrade(event)?.paid ?? 0))),
      LARGE_SHARE,
    )
  }

  #flush(): void {
    this.list = this.#marks?.list ?? []
    const reached = this.#marks?.from ?? -Infinity
    this.from = reached > this.#oldest ? reached : -Infinity
  }
}
