import { type Bars, type BarsQuery, readBars } from './bars.js'
import { CandleFollower, type CandleOptions } from './candles.js'
import { Client } from './client.js'
import { ErrorCode, RequestError } from './errors.js'
import { EventFollower, eventsOf, newTokens, PriceFollower } from './events.js'
import type { Closable, FollowOptions } from './follower.js'
import { type Endpoint, fetchData } from './http.js'
import type { Link, Options } from './types.js'
import type { ConnectionSuccess, EventData, Interval, Status, TokenCreatedEvent, WatchedCoin } from './wire.gen.js'

/**
 * A server, such as http://127.0.0.1:5051: its history and what happens. One connection serves everything that is followed;
 * it is made when something is, comes back by itself, and goes on where it was.
 */
export class Spinscope {
  /** The connection, for what is not here: alerts, and callbacks instead of loops. */
  readonly live: Client
  readonly #server: Endpoint
  readonly #followers = new Set<Closable>()
  #refusal: string | undefined

  constructor(url: string, options: Omit<Options, 'autoConnect'> = {}) {
    this.#server = { base: url.replace(/\/+$/, ''), token: options.token ?? '' }
    this.live = new Client(url, {
      ...options,
      autoConnect: false,
      onLink: (link, reason) => {
        this.#onLink(link, reason)
        options.onLink?.(link, reason)
      },
    })
  }

  /** Candles of a stretch of time, all of them, with what is known to be missing. */
  bars(mint: string, interval: Interval, query: BarsQuery = {}): Promise<Bars> {
    return readBars(this.#server, mint, interval, query)
  }

  /** The candles of a mint: those that are there, then each change. */
  follow(mint: string, interval: Interval, options: CandleOptions = {}): CandleFollower {
    return this.#start(new CandleFollower(this.live, this.#server, mint, interval, options, this.#ended))
  }

  /** The events of a mint, or of all with null, from now on or from a position. */
  events(mint: string | null, options: FollowOptions = {}): EventFollower<EventData> {
    return this.#start(new EventFollower(this.live, this.#server, eventsOf(mint), options, this.#ended))
  }

  /** New tokens, from now on or from a position. */
  tokens(options: FollowOptions = {}): EventFollower<TokenCreatedEvent> {
    return this.#start(new EventFollower(this.live, this.#server, newTokens, options, this.#ended))
  }

  /** The price of a mint: the last one, then the newest of each moment. */
  prices(mint: string, options: Pick<FollowOptions, 'signal'> = {}): PriceFollower {
    return this.#start(new PriceFollower(this.live, mint, options, this.#ended))
  }

  /** What the server says first: its intervals, and the mints traded last. Waits for a connection. */
  greeting(): Promise<ConnectionSuccess> {
    this.live.open()
    return this.live.greeting()
  }

  /** What the server reads, how far it is, and its store. */
  status(signal?: AbortSignal): Promise<Status> {
    return fetchData(this.#server, '/api/events/status', signal ? { signal } : {})
  }

  /** The coins that are followed by their own addresses, and how far each is. */
  async watched(signal?: AbortSignal): Promise<WatchedCoin[]> {
    const { coins } = await fetchData<{ coins: WatchedCoin[] }>(this.#server, '/api/watch', signal ? { signal } : {})
    return coins
  }

  /** Ends everything. It is not to be used again. */
  close(): void {
    for (const follower of [...this.#followers]) follower.close()
    this.live.close()
  }

  #start<F extends Closable & { start(): void }>(follower: F): F {
    this.#followers.add(follower)
    this.live.open()
    if (this.#refusal === undefined) follower.start()
    else follower.fail(unauthorized(this.#refusal))
    return follower
  }

  readonly #ended = (follower: Closable) => {
    this.#followers.delete(follower)
  }

  #onLink(link: Link, reason: string): void {
    if (link !== 'unauthorized') return
    this.#refusal = reason
    for (const follower of [...this.#followers]) follower.fail(unauthorized(reason))
  }
}

function unauthorized(reason: string): RequestError {
  return new RequestError(ErrorCode.unauthorized, reason, '')
}
