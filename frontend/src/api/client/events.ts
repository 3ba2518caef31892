import { pause } from './bars.js'
import type { Client } from './client.js'
import { type Closable, Follower, type FollowOptions, MAX_WAITING, type Position, RETRY_MS } from './follower.js'
import { type Endpoint, fetchData, RestError } from './http.js'
import type { Common, Resumable, Subscription } from './types.js'
import type { EventData, PriceUpdate, Status, StreamGap, TokenCreatedEvent, WatchStatus } from './wire.gen.js'

/** Something that happened. The same `(signature, ordinal)` comes again only when something about it has changed. */
export interface EventUpdate<E> {
  type: 'event'
  event: E
  store: string | undefined
}

/** Events were missed that the server cannot replay: `from_seq` to `to_seq`, or all of another store. */
export interface GapUpdate {
  type: 'gap'
  cause: 'gap' | 'store'
  from_seq: number
  to_seq: number
  reason: string
  store: string | undefined
}

export type EventsUpdate<E = EventData> = EventUpdate<E> | GapUpdate | { type: 'watch'; status: WatchStatus }

/** What has a commit and an identity, as far as the server tells them. */
interface Identified {
  seq?: number
  signature?: string
  ordinal?: number
}

/** What a topic of events is asked for with. */
type Subscribe<E> = (live: Client, handlers: Resumable & Common, take: (event: E) => void) => Subscription

/** Events of a topic, each once and in order, whatever happens to connection and server. */
export class EventFollower<E extends Identified> extends Follower<EventsUpdate<E>> {
  #position: Position | undefined
  #starting = false
  /** The store that the reader was last told of. */
  #store: string | undefined
  #waiting: EventsUpdate<E>[] = []
  #at = 0
  /** What was taken of the position's commit: a resume brings it again. */
  readonly #taken = new Set<string>()

  constructor(
    private readonly live: Client,
    private readonly server: Endpoint,
    private readonly ask: Subscribe<E>,
    options: FollowOptions,
    ended: (follower: Closable) => void,
  ) {
    super(options.signal, ended)
    this.#position = options.since
    this.#store = options.since?.store
  }

  override get position(): Position | undefined {
    return this.#position
  }

  /** A reader without a position begins with the next commit: so it misses nothing, also if the server ends before anything came. */
  override start(): void {
    if (this.#position) super.start()
    else if (!this.#starting) void this.#startAtNewest()
  }

  async #startAtNewest(): Promise<void> {
    this.#starting = true
    while (!this.closed && !this.#position) {
      try {
        const { seq, store } = await fetchData<Status>(this.server, '/api/events/status')
        this.#position = { seq: seq + 1, store }
        this.#store = store
      } catch (error) {
        if (error instanceof RestError && error.passing) await pause(RETRY_MS)
        else this.fail(error as Error)
        if (this.failed) return
      }
    }
    this.#starting = false
    super.start()
  }

  protected override subscribe(): Subscription {
    const { seq: since, store } = this.#position ?? {}
    const handlers: Resumable & Common = {
      since,
      store,
      onGap: (gap) => this.#onGap(gap),
      onWatch: (status) => this.#add({ type: 'watch', status }),
      onError: (error) => this.refused(error),
    }
    return this.ask(this.live, handlers, (event) => {
      if (event.seq === this.#position?.seq && this.#taken.has(identity(event))) return
      this.#add({ type: 'event', event, store: this.live.store })
    })
  }

  protected override take(): EventsUpdate<E> | undefined {
    const update = this.#waiting[this.#at]
    if (!update) return undefined
    if (++this.#at === this.#waiting.length) {
      this.#waiting = []
      this.#at = 0
    }
    if (update.type === 'gap') this.#position = { seq: update.to_seq + 1, store: update.store }
    if (update.type === 'event' && update.event.seq !== undefined) {
      const { seq } = update.event
      if (seq !== this.#position?.seq) this.#taken.clear()
      this.#position = { seq, store: update.store }
      this.#taken.add(identity(update.event))
    }
    return update
  }

  protected override clear(): void {
    this.#waiting = []
    this.#at = 0
  }

  #add(update: EventsUpdate<E>): void {
    this.#store = this.live.store ?? this.#store
    this.#waiting.push(update)
    if (this.#waiting.length - this.#at > MAX_WAITING) this.overflow()
    else this.wake()
  }

  #onGap({ from_seq, to_seq, reason }: StreamGap): void {
    const { store } = this.live
    const cause = this.#store !== undefined && store !== undefined && store !== this.#store ? 'store' : 'gap'
    this.#add({ type: 'gap', cause, from_seq, to_seq, reason, store })
  }
}

function identity({ signature, ordinal }: Identified): string {
  return `${signature}:${ordinal}`
}

/** The price of a mint: the newest that is known whenever the reader asks, and nothing twice. */
export class PriceFollower extends Follower<PriceUpdate> {
  #newest: PriceUpdate | undefined
  #last: PriceUpdate | undefined

  constructor(
    private readonly live: Client,
    private readonly mint: string,
    options: Pick<FollowOptions, 'signal'>,
    ended: (follower: Closable) => void,
  ) {
    super(options.signal, ended)
  }

  /** Prices are not resumed: a reader begins with the last one. */
  override get position(): undefined {
    return undefined
  }

  protected override subscribe(): Subscription {
    return this.live.prices(this.mint, {
      onPrice: (price) => {
        const { seq, signature } = this.#last ?? {}
        if (seq === price.seq && signature === price.signature) return // a new connection begins with the last one
        this.#newest = this.#last = price
        this.wake()
      },
      onError: (error) => this.refused(error),
    })
  }

  protected override take(): PriceUpdate | undefined {
    const price = this.#newest
    this.#newest = undefined
    return price
  }

  protected override clear(): void {
    this.#newest = undefined
  }
}

export const eventsOf =
  (mint: string | null): Subscribe<EventData> =>
  (live, handlers, onEvent) =>
    live.events(mint, { ...handlers, onEvent })

export const newTokens: Subscribe<TokenCreatedEvent> = (live, handlers, onToken) =>
  live.tokens({ ...handlers, onToken })
