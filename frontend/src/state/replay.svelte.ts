import type { Event, EventData, KlineData, Marks } from '../api/client/index'
import { isAbort, type Rest } from '../api/rest'
import type { Stream } from '../api/stream'
import type { Candle } from '../market/candle'
import { fold } from '../market/fold'
import type { GapMark, SlotClock } from '../market/gap'
import { floor, type Interval, seconds } from '../market/interval'
import { eventKey, toTrade } from '../market/trade'
import { ChartState } from './chart.svelte'
import { Gaps } from './gaps.svelte'
import { reason } from './reason'
import { Tape } from './tape.svelte'

/** Events read at once. */
const PAGE = 500
/** More are read when fewer wait; so never more than this and a page do. */
const LOW = 250
/** Longer than this passes in no frame: a page that was hidden goes on where it was, in seconds. */
const LONGEST = 0.25
/** What is replayed is newer than any stored candle that was read before it. */
const SEQ = Number.MAX_SAFE_INTEGER

const timeOf = (event: Event) => Math.floor(Date.parse(event.timestamp) / 1000)

/**
 * One coin at one interval as it was: the stored candles before the one that the chosen moment lies in, and from its first second
 * on the stored events, in their order, folded into candles. It has a chart and a tape of its own, which no push of the stream
 * reaches, and asks the server for nothing that is later than its clock but the next events.
 */
export class Replay {
  /** The moment that is shown, Unix seconds: what happened before it is on screen, and nothing that happened after it. */
  clock = $state(0)
  playing = $state(false)
  /** Seconds of the market in one of the person's. */
  speed = $state(1)
  /** Block time of the event that comes next, Unix seconds; undefined while none is known. */
  next = $state<number | undefined>()
  reading = $state(false)
  /** Nothing is stored after what was shown. */
  ended = $state(false)
  error = $state('')
  /** Known gaps, of all times. */
  readonly #gaps: Gaps
  readonly chart: ChartState
  readonly tape: Tape
  /** What was read and comes next, oldest first. */
  #queue: Event[] = []
  /** How many events of the coin lie before the first that was not read. */
  #read = 0
  /** The last one that was read. */
  #key = ''
  /** When the candle of the chosen moment begins: before it are the stored candles. */
  #start = 0
  #candle: Candle | undefined
  #reading = new AbortController()

  constructor(
    private readonly rest: () => Rest,
    private readonly slots: SlotClock,
    readonly mint: string,
    readonly interval: Interval,
  ) {
    const past = {
      klines: (mint, interval, range, signal) =>
        rest().klines(mint, interval, { ...range, to: Math.min(range.to ?? Infinity, this.#start - 1) }, signal),
      marks: async (mint, interval, range, signal) => {
        // A cursor goes back from where the answer before it ended.
        if (range.cursor) return rest().marks(mint, interval, range, signal)
        const to = Math.min(range.to ?? Infinity, this.#start - 1)
        // No stored candle is shown: all marks come of what is replayed.
        if (to < range.from) return { marks: [], reached: range.from, seq: 0, next_cursor: null } as unknown as Marks
        return rest().marks(mint, interval, { ...range, to }, signal)
      },
      // The tape gets what is replayed, and no newest trades say what a large one is.
      events: async () => ({ events: [], total: 0, page: 1, limit: 1, has_next: false, has_prev: false }),
    } satisfies Partial<Rest>
    const nothing = () => undefined
    const silent = { watchKline: nothing, unwatchKline: nothing, watchEvents: nothing, unwatchEvents: nothing }
    const [given, quiet] = [() => past as unknown as Rest, () => silent as unknown as Stream]

    this.chart = new ChartState(-1, given, quiet, slots)
    this.chart.replayed = true
    this.chart.choose({ mint, interval })
    this.tape = new Tape(given, quiet)
    this.#gaps = new Gaps(rest, slots)
  }

  /** The known gap that the clock is in. */
  get gap(): GapMark | undefined {
    return this.chart.gaps.marks.find(({ to }) => to >= this.clock)
  }

  /** Shows the coin as it was at a moment, and stands still there. */
  async begin(at: number): Promise<void> {
    this.#reading.abort()
    const { signal } = (this.#reading = new AbortController())
    const { market, marks } = this.chart
    this.playing = this.ended = false
    this.clock = at
    this.#start = floor(this.interval, at)
    this.#queue = []
    this.#key = ''
    market.close()
    this.tape.close()

    await this.#guard(signal, async () => {
      await market.open(this.mint, this.interval)
      if (market.phase === 'error') throw new Error(market.error)
      this.#candle = market.series.last
      marks.reload()
      this.tape.open(this.mint)
      this.#read = await this.#seek(signal)
      await this.#more(signal)
      await this.#until(at + 1, signal)
      await this.#gaps.read(this.mint)
    })
    this.#settle()
  }

  /** Goes on, or stands still. */
  toggle(): void {
    this.playing = !this.playing
    this.ended = false
  }

  /** Lets so many of the person's seconds pass. */
  tick(passed: number): void {
    if (!this.playing) return
    const until = this.clock + Math.min(passed, LONGEST) * this.speed
    this.#take(until)
    // It never runs ahead of what was read.
    if (this.#queue.length > 0) this.clock = until
    else if (this.ended) this.playing = false
    this.#settle()
    if (this.#queue.length < LOW && !this.reading && !this.ended)
      void this.#guard(this.#reading.signal, (signal) => this.#more(signal))
  }

  /** Shows the next line of the tape, and stands still. */
  async stepTrade(): Promise<void> {
    await this.#step(async (signal) => {
      for (let found = false; !found && (await this.#any(signal));) {
        const [event] = this.#queue
        found = !!event && toTrade(event) !== null
        this.#take(Infinity, 1)
      }
    })
  }

  /** Shows the rest of the candle, or the whole next one that has a trade, and stands still at its end. */
  async stepCandle(): Promise<void> {
    await this.#step(async (signal) => {
      if (!(await this.#any(signal))) return
      const end = floor(this.interval, Math.max(this.clock, this.next ?? 0)) + seconds(this.interval)
      await this.#until(end, signal)
      this.clock = end
    })
  }

  close(): void {
    this.#reading.abort()
    this.chart.close()
    this.tape.close()
  }

  async #step(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.playing = false
    if (this.reading) return
    this.ended = false
    await this.#guard(this.#reading.signal, work)
    this.#settle()
  }

  /** Reads something, and says what went wrong. */
  async #guard(signal: AbortSignal, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    this.reading = true
    this.error = ''
    try {
      await work(signal)
    } catch (error) {
      if (signal.aborted || isAbort(error)) return
      this.error = reason(error)
      this.playing = false
    } finally {
      if (!signal.aborted) this.reading = false
    }
  }

  /** How many events lie before the first candle that is built from them. */
  async #seek(signal: AbortSignal): Promise<number> {
    let [low, high] = [0, (await this.#page(1, 1, signal)).total]
    while (low < high) {
      const middle = (low + high) >> 1
      const [event] = (await this.#page(middle + 1, 1, signal)).events
      if (event && timeOf(event) < this.#start) low = middle + 1
      else high = middle
    }
    return low
  }

  async #page(page: number, limit: number, signal: AbortSignal) {
    const answer = await this.rest().eventsUp(this.mint, limit, page, signal)
    signal.throwIfAborted()
    return answer
  }

  /** Reads the next events, if there are any; until the newest ones the pages before them stay as they are. */
  async #more(signal: AbortSignal): Promise<void> {
    const skip = this.#read % PAGE
    const { events } = await this.#page((this.#read - skip) / PAGE + 1, PAGE, signal)
    const known = skip > 0 || !this.#key ? events[skip - 1] : (await this.#page(this.#read, 1, signal)).events[0]
    if (!this.#key) this.#tell(events.slice(0, skip))
    else if (!known || eventKey(known) !== this.#key)
      throw new Error('what is stored has changed before this moment: jump to it again')

    const fresh = events.slice(skip)
    const last = fresh.at(-1) ?? known
    this.#key = last ? eventKey(last) : ''
    this.#read += fresh.length
    this.#queue = [...this.#queue, ...fresh].sort((a, b) => timeOf(a) - timeOf(b))
    this.ended = fresh.length === 0
    this.#settle()
  }

  /** Whether there is an event to come. */
  async #any(signal: AbortSignal): Promise<boolean> {
    if (this.#queue.length === 0) await this.#more(signal)
    return this.#queue.length > 0
  }

  /** Lets everything happen that is earlier than a time. */
  async #until(time: number, signal: AbortSignal): Promise<void> {
    do this.#take(time)
    while (this.#queue.length === 0 && (await this.#any(signal)))
  }

  /** Lets the events happen that were read and are earlier than a time, so many at most. */
  #take(time: number, most = Infinity): void {
    const taken: Event[] = []
    for (let event = this.#queue[0]; event && timeOf(event) < time && taken.length < most; event = this.#queue[0]) {
      this.#happen(event)
      taken.push(event)
      this.#queue.shift()
    }
    this.#tell(taken)
  }

  #happen(event: Event): void {
    const { mint, interval, slots } = this
    const trade = toTrade(event)
    const time = timeOf(event)
    this.clock = Math.max(this.clock, time)
    slots.observe(event.slot, time)
    // The few that are marked: liquidations, and that a curve was sold out.
    if (trade?.kind === 'liq' || trade?.kind === 'graduated')
      this.chart.marks.onEvent({ symbol: mint, seq: SEQ, event_data: event } as EventData)

    const candle = trade && fold(interval, this.#candle, trade)
    if (!candle) return
    if (this.#candle && this.#candle.time < candle.time) this.#show({ ...this.#candle, is_final: true })
    this.#show(candle)
  }

  #show(candle: Candle): void {
    this.#candle = candle
    this.chart.onKline({ symbol: this.mint, interval: this.interval, data: candle, seq: SEQ } as KlineData)
  }

  /** Puts events on the tape, where the last stands on top. */
  #tell(events: readonly Event[]): void {
    for (const event of events.toReversed())
      this.tape.onEvent({ symbol: this.mint, seq: SEQ, event_data: event } as EventData)
  }

  /** Says what holds at the clock: the candle that has ended, the next event, the gaps that have begun. */
  #settle(): void {
    const { clock, interval } = this
    const [event] = this.#queue
    this.next = event && timeOf(event)
    const candle = this.#candle
    if (candle && !candle.is_final && clock >= candle.time + seconds(interval))
      this.#show({ ...candle, is_final: true })
    const begun = this.#gaps.marks.filter(({ from }) => from <= clock)
    if (begun.length !== this.chart.gaps.marks.length) this.chart.gaps.marks = begun
  }
}
