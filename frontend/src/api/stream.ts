import { candleTopic, type Client, connect } from './client/index'
import type {
  Alert,
  EventData,
  HistoryData,
  Interval,
  KlineData,
  Link,
  PriceUpdate,
  RequestError,
  StreamGap,
  Subscription,
  TokenCreatedEvent,
} from './client/index'
import type { Endpoint } from './rest'

/** What the stream tells. All calls come from the page's own thread, in the order of the socket. */
export interface StreamEvents {
  link(state: Link, reason: string): void
  history(data: HistoryData): void
  kline(data: KlineData): void
  price(data: PriceUpdate): void
  event(data: EventData): void
  token(data: TokenCreatedEvent): void
  alert?(data: Alert): void
  gap(data: StreamGap): void
  /** A request that was refused: nothing comes of its topic until the topic is wanted anew. */
  error(problem: RequestError): void
}

/** A topic that parts of the page want. */
interface Wanted {
  subscription: Subscription
  /** How many want it. */
  users: number
  /** The server refused it: who wants it next asks anew. */
  refused: boolean
}

/**
 * The client as the page uses it: whatever the page wants comes to one place, once, however many parts want it. Who
 * watches a topic ends that once: the topic goes with the last one that wants it.
 */
export class Stream {
  readonly #client: Client
  readonly #wanted = new Map<string, Wanted>()
  readonly #events: StreamEvents

  constructor(endpoint: Endpoint, events: StreamEvents) {
    this.#events = events
    this.#client = connect(endpoint.base, {
      token: endpoint.token,
      autoConnect: false,
      onLink: (link, reason) => events.link(link, reason),
      onError: (error) => {
        const wanted = this.#wanted.get(error.topic)
        if (wanted) wanted.refused = true
        events.error(error)
      },
    })
  }

  open(): void {
    this.#client.open()
  }

  close(): void {
    this.#wanted.clear()
    this.#client.close()
  }

  /** Tries at once instead of waiting for the next attempt. */
  retry(): void {
    this.#client.retry()
  }

  watchKline(symbol: string, interval: Interval, seq: number, store?: string): void {
    const { history, kline, gap } = this.#events
    const follow = () => {
      const ears = { onHistory: history, onCandle: kline, onGap: gap }
      return this.#client.candles(symbol, interval, { since: seq, store, ...ears })
    }
    const wanted = this.#want(candleTopic(symbol, interval), follow)
    // Who comes later may have read less than what was told meanwhile, or from another store.
    const before = wanted.subscription
    const same = store === undefined || before.store === undefined || store === before.store
    if (same && seq >= (before.seq ?? 0)) return
    wanted.subscription = follow()
    before.close()
  }

  unwatchKline(symbol: string, interval: Interval): void {
    this.#drop(candleTopic(symbol, interval))
  }

  watchEvents(symbol: string): void {
    const { event, gap } = this.#events
    this.#want(`events:${symbol}`, () => this.#client.events(symbol, { onEvent: event, onGap: gap }))
  }

  unwatchEvents(symbol: string): void {
    this.#drop(`events:${symbol}`)
  }

  watchTokens(): void {
    const { token, gap } = this.#events
    this.#want('token_events', () => this.#client.tokens({ onToken: token, onGap: gap }))
  }

  watchAlerts(): void {
    const { alert } = this.#events
    this.#want('alerts', () => this.#client.alerts(alert ? { onAlert: alert } : {}))
  }

  /** Makes the watched prices exactly these. */
  watchPrices(symbols: readonly string[]): void {
    const wanted = new Set(symbols)
    for (const name of [...this.#wanted.keys()]) {
      const symbol = name.startsWith('price:') ? name.slice('price:'.length) : undefined
      if (symbol !== undefined && !wanted.delete(symbol)) this.#drop(name)
    }
    const { price } = this.#events
    for (const symbol of wanted) this.#want(`price:${symbol}`, () => this.#client.prices(symbol, { onPrice: price }))
  }

  #want(name: string, follow: () => Subscription): Wanted {
    const known = this.#wanted.get(name)
    if (known) {
      known.users++
      if (known.refused) {
        known.subscription = follow()
        known.refused = false
      }
      return known
    }
    const wanted = { subscription: follow(), users: 1, refused: false }
    this.#wanted.set(name, wanted)
    return wanted
  }

  #drop(name: string): void {
    const wanted = this.#wanted.get(name)
    if (!wanted || --wanted.users > 0) return
    this.#wanted.delete(name)
    wanted.subscription.close()
  }
}
