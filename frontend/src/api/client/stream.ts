import { io, type Socket } from 'socket.io-client'
import type {
  EventData,
  HistoryData,
  KlineData,
  PriceUpdate,
  StreamError,
  StreamGap,
  TokenCreatedEvent,
} from './wire.gen.js'

/** The ten candle lengths, as the wire names them. */
export type Interval = 's1' | 's5' | 's15' | 's30' | 'm1' | 'm5' | 'm15' | 'h1' | 'h4' | 'd1'

export type Link = 'connecting' | 'connected' | 'offline' | 'unauthorized'

/** What the stream tells. All calls come from the page's own thread, in the order of the socket. */
export interface StreamEvents {
  link(state: Link, reason: string): void
  history(data: HistoryData): void
  kline(data: KlineData): void
  price(data: PriceUpdate): void
  event(data: EventData): void
  token(data: TokenCreatedEvent): void
  gap(data: StreamGap): void
  error(data: StreamError): void
}

const UNAUTHORIZED = 1004

type Payload = Record<string, unknown>

interface Topic {
  subscribe: string
  unsubscribe: string
  payload: Payload
  /** The newest commit this topic has shown; undefined starts without a replay. */
  seq: number | undefined
  /** How many parts of the page want it. */
  users: number
}

/**
 * The live side of the server, namespace /ws/kline. It remembers what the page wants and asks for it again after every
 * reconnect, from the last commit seen, so that nothing is missed and nothing needs to be asked twice. Who watches a
 * topic ends that once: the topic goes with the last one that wants it.
 */
export class Stream {
  readonly #socket: Socket
  readonly #topics = new Map<string, Topic>()
  readonly #events: StreamEvents

  constructor(endpoint: { base: string; token: string }, events: StreamEvents) {
    this.#events = events
    this.#socket = io(`${endpoint.base}/ws/kline`, {
      path: '/socket.io/',
      transports: ['websocket', 'polling'],
      autoConnect: false,
      auth: endpoint.token ? { token: endpoint.token } : {},
      reconnectionDelay: 500,
      reconnectionDelayMax: 5000,
      timeout: 8000,
    })
    this.#listen()
  }

  open(): void {
    this.#events.link('connecting', '')
    this.#socket.connect()
  }

  close(): void {
    this.#topics.clear()
    this.#socket.removeAllListeners()
    this.#socket.disconnect()
  }

  /** Tries at once instead of waiting for the next attempt. */
  retry(): void {
    if (this.#socket.connected) return
    this.#socket.disconnect().connect()
  }

  watchKline(symbol: string, interval: Interval, seq: number): void {
    this.#add(klineTopic(symbol, interval), 'kline', { symbol, interval }, seq)
  }

  unwatchKline(symbol: string, interval: Interval): void {
    this.#drop(klineTopic(symbol, interval))
  }

  watchEvents(symbol: string): void {
    this.#add(`events:${symbol}`, 'events', { symbol })
  }

  unwatchEvents(symbol: string): void {
    this.#drop(`events:${symbol}`)
  }

  watchTokens(): void {
    this.#add('token_events', 'token_events', {})
  }

  /** Makes the watched prices exactly these. */
  watchPrices(symbols: readonly string[]): void {
    const wanted = new Set(symbols)
    for (const [name, topic] of this.#topics) {
      if (topic.subscribe === 'subscribe_price' && !wanted.delete(String(topic.payload['symbol']))) this.#drop(name)
    }
    for (const symbol of wanted) this.#add(`price:${symbol}`, 'price', { symbol })
  }

  #add(name: string, kind: string, payload: Payload, seq?: number): void {
    const known = this.#topics.get(name)
    if (known) {
      known.users++
      // Who comes later may have read less than this topic has already told: that is asked for again.
      if (seq !== undefined && seq < (known.seq ?? 0) && this.#socket.connected) this.#subscribe({ ...known, seq })
      return
    }
    const topic = { subscribe: `subscribe_${kind}`, unsubscribe: `unsubscribe_${kind}`, payload, seq, users: 1 }
    this.#topics.set(name, topic)
    if (this.#socket.connected) this.#subscribe(topic)
  }

  #drop(name: string): void {
    const topic = this.#topics.get(name)
    if (!topic || --topic.users > 0) return
    this.#topics.delete(name)
    if (this.#socket.connected) this.#socket.emit(topic.unsubscribe, topic.payload)
  }

  #subscribe(topic: Topic): void {
    const resume = topic.seq === undefined ? {} : { since_seq: topic.seq }
    this.#socket.emit(topic.subscribe, { ...topic.payload, ...resume })
  }

  /** Notes how far a topic has come; false when the page no longer wants it. */
  #saw(name: string, seq: number): boolean {
    const topic = this.#topics.get(name)
    if (!topic) return false
    if (seq > (topic.seq ?? 0)) topic.seq = seq
    return true
  }

  #listen(): void {
    const { link, ...events } = this.#events
    this.#socket.on('connect', () => {
      for (const topic of this.#topics.values()) this.#subscribe(topic)
      link('connected', '')
    })
    this.#socket.on('disconnect', (reason) => {
      link('offline', reason)
      // The server ended the session (a slow consumer, a restart): the client library leaves coming back to us.
      if (reason === 'io server disconnect') this.#socket.connect()
    })
    this.#socket.on('connect_error', (error: Error & { data?: { code?: number } }) => {
      if (error.data?.code === UNAUTHORIZED) {
        this.#socket.disconnect()
        link('unauthorized', error.message)
      } else {
        link('offline', error.message)
      }
    })
    this.#socket.on('history_data', (data: HistoryData) => {
      const topic = this.#topics.get(klineTopic(data.symbol, data.interval))
      if (!topic) return
      // Set, not raised: a server with a new store counts from below.
      topic.seq = data.seq
      events.history(data)
    })
    this.#socket.on('kline_data', (data: KlineData) => {
      if (this.#saw(klineTopic(data.symbol, data.interval), data.seq)) events.kline(data)
    })
    this.#socket.on('price_update', (data: PriceUpdate) => {
      if (this.#topics.has(`price:${data.symbol}`)) events.price(data)
    })
    this.#socket.on('event_data', (data: EventData) => {
      if (this.#saw(`events:${data.symbol}`, data.seq)) events.event(data)
    })
    this.#socket.on('token_created', (data: TokenCreatedEvent) => {
      if (this.#saw('token_events', data.seq ?? 0)) events.token(data)
    })
    this.#socket.on('gap', (data: StreamGap) => events.gap(data))
    this.#socket.on('error', (data: StreamError) => events.error(data))
  }
}

export function klineTopic(symbol: string, interval: string): string {
  return `kline:${symbol}:${interval}`
}
