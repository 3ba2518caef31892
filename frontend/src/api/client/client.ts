import { io, type Socket } from 'socket.io-client'
import { ConnectionLostError, ErrorCode, RequestError } from './errors.js'
import { type Ears, Feed, type Numbered } from './feed.js'
import type {
  AlertHandlers,
  CandleHandlers,
  Common,
  EventHandlers,
  HistoryQuery,
  Link,
  Options,
  PriceHandlers,
  Resumable,
  Subscription,
  TokenHandlers,
} from './types.js'
import type {
  ConnectionSuccess,
  EventData,
  HistoryData,
  Interval,
  KlineData,
  PriceUpdate,
  StreamError,
  StreamGap,
  WatchStatus,
} from './wire.gen.js'

type Payload = Record<string, unknown>

/** A topic that somebody wants. The server is asked once for all who do, unless one has read less than the others. */
interface Topic {
  readonly name: string
  /** As in subscribe_kline. */
  readonly kind: string
  readonly payload: Payload
  /** Whether the server replays it. */
  readonly resumes: boolean
  readonly feeds: Set<Feed>
  /** Requests that were not acknowledged yet. Until then not all that came before has been sent. */
  asked: number
}

/** A request on its way. The server answers them in order. */
interface Request {
  readonly topic: string
  /** Whom its history and its gap are for. */
  readonly feeds: readonly Feed[]
  /** Its history event has come, or none will. */
  answered: boolean
  lost?: () => void
}

type Answer = { success: true } | ({ success: false } & StreamError)

const ATTEMPT_MS = 8000
const RETRY_GROWTH = 10

/**
 * Where Socket.IO's namespace and path are, below a server's URL. A reverse proxy may have put the server below a path, as
 * in https://charts.example/spinscope; Socket.IO itself takes the path of a URL for a namespace.
 */
export function socketAddress(url: string): { namespace: string; path: string } {
  const [, origin = '', prefix = ''] = /^((?:[a-z]+:\/\/)?[^/]*)(.*?)\/*$/i.exec(url) ?? []
  return { namespace: `${origin}/ws/kline`, path: `${prefix}/socket.io/` }
}

/**
 * Opens the live side of a server, such as http://127.0.0.1:5051 or https://charts.example/spinscope. An empty URL is the
 * page's own origin.
 */
export function connect(url: string, options: Options = {}): Client {
  return new Client(url, options)
}

/**
 * A connection to namespace /ws/kline. It remembers what is wanted and asks for it again after every reconnect, from the
 * last commit seen: nothing is missed, and events are not told twice. Calls come one at a time, in the server's order.
 */
export class Client {
  readonly #socket: Socket
  readonly #options: Options
  readonly #topics = new Map<string, Topic>()
  #requests: Request[] = []
  /** The newest commit of which all topics that are live have been told. */
  #seen = 0
  #link: Link = 'offline'
  #greeting: ConnectionSuccess | undefined
  #retry: ReturnType<typeof setTimeout> | undefined
  #delay: number

  constructor(url: string, options: Options) {
    this.#options = options
    this.#delay = options.retryDelay ?? 500
    const { namespace, path } = socketAddress(url)
    this.#socket = io(namespace, {
      path,
      transports: ['websocket', 'polling'],
      autoConnect: false,
      auth: options.token ? { token: options.token } : {},
      reconnectionDelay: this.#delay,
      reconnectionDelayMax: this.#delay * RETRY_GROWTH,
      timeout: ATTEMPT_MS,
    })
    this.#listen()
    if (options.autoConnect !== false) this.open()
  }

  get link(): Link {
    return this.#link
  }

  /** The store of the server that is connected. */
  get store(): string | undefined {
    return this.#greeting?.store
  }

  /** What the server says first: its intervals, and the mints traded last. Waits for a connection. */
  greeting(): Promise<ConnectionSuccess> {
    return new Promise((resolve) => {
      if (this.#greeting) resolve(this.#greeting)
      else this.#socket.once('connection_success', resolve)
    })
  }

  /** Connects, if that was not done yet. */
  open(): void {
    if (this.#socket.active) return
    this.#tell('connecting', '')
    this.#socket.connect()
  }

  /** Ends everything. The client is not to be used again. */
  close(): void {
    clearTimeout(this.#retry)
    this.#topics.clear()
    this.#socket.removeAllListeners()
    this.#socket.disconnect()
    this.#lose()
    this.#link = 'closed'
  }

  /** Tries at once instead of waiting for the next attempt. */
  retry(): void {
    if (this.#socket.connected || this.#link === 'closed') return
    clearTimeout(this.#retry)
    this.#socket.disconnect().connect()
  }

  /** The candles of a mint: first the newest, then each change. */
  candles(mint: string, interval: Interval, handlers: CandleHandlers): Subscription {
    const { onHistory: history, onCandle: push, onWhole: whole } = handlers
    const topic = this.#topic(candleTopic(mint, interval), 'kline', { symbol: mint, interval }, true)
    return this.#add(topic, handlers, { history, push, whole, ...common(handlers) })
  }

  /** The newest price of a mint: first the last known one, then each change. */
  prices(mint: string, handlers: PriceHandlers): Subscription {
    const topic = this.#topic(`price:${mint}`, 'price', { symbol: mint }, false)
    return this.#add(topic, {}, { push: handlers.onPrice, ...common(handlers) })
  }

  /** The events of a mint, or of all mints with null. */
  events(mint: string | null, handlers: EventHandlers): Subscription {
    const topic =
      mint === null
        ? this.#topic('events', 'events', {}, true)
        : this.#topic(`events:${mint}`, 'events', { symbol: mint }, true)
    return this.#add(topic, handlers, { push: handlers.onEvent, ...common(handlers) })
  }

  /** New tokens. */
  tokens(handlers: TokenHandlers): Subscription {
    const topic = this.#topic('token_events', 'token_events', {}, true)
    return this.#add(topic, handlers, { push: handlers.onToken, ...common(handlers) })
  }

  /** Rules that fired while connected. */
  alerts(handlers: AlertHandlers): Subscription {
    const topic = this.#topic('alerts', 'alerts', {}, false)
    return this.#add(topic, {}, { push: handlers.onAlert, ...common(handlers) })
  }

  /**
   * Candles of a stretch of time. Rejects with a RequestError, or with a ConnectionLostError when there is no connection
   * or it ends first.
   */
  history(mint: string, interval: Interval, query: HistoryQuery = {}): Promise<HistoryData> {
    return new Promise((resolve, reject) => {
      const lost = () => reject(new ConnectionLostError())
      if (!this.#socket.connected) {
        lost()
        return
      }
      const topic = candleTopic(mint, interval)
      // The answer alone: the event beside it would be the same again.
      const request = { topic, feeds: [], answered: true, lost }
      this.#ask('get_history', { symbol: mint, interval, ...query, event: false }, request, (answer) => {
        if (answer.success) resolve(answer as unknown as HistoryData)
        else reject(this.#refused(answer, topic))
      })
    })
  }

  #topic(name: string, kind: string, payload: Payload, resumes: boolean): Topic {
    return this.#topics.get(name) ?? { name, kind, payload, resumes, feeds: new Set(), asked: 0 }
  }

  #add(topic: Topic, from: Resumable, ears: Ears): Feed {
    const feed = new Feed(topic.name, from, ears, topic.kind === 'kline', () => this.#drop(topic, feed))
    const known = topic.feeds.size > 0
    topic.feeds.add(feed)
    this.#topics.set(topic.name, topic)
    // A topic that stands already brings what happens from now on; more must be asked for.
    if (this.#socket.connected && (!known || feed.needsHistory || from.since !== undefined || !topic.resumes))
      this.#subscribe(topic, [feed])
    return feed
  }

  #drop(topic: Topic, feed: Feed): void {
    if (!topic.feeds.delete(feed) || topic.feeds.size > 0) return
    this.#topics.delete(topic.name)
    if (this.#socket.connected) this.#socket.emit(`unsubscribe_${topic.kind}`, topic.payload)
  }

  /** Asks once for all who have read equally much. */
  #resubscribe(topic: Topic): void {
    const equals = new Map<string, Feed[]>()
    for (const feed of topic.feeds) {
      const name = `${feed.seq} ${feed.store}`
      const equal = equals.get(name)
      if (equal) equal.push(feed)
      else equals.set(name, [feed])
    }
    for (const feeds of equals.values()) this.#subscribe(topic, feeds)
  }

  #subscribe(topic: Topic, feeds: readonly Feed[]): void {
    const since = topic.resumes ? feeds[0]?.seq : undefined
    // The store that was told from, not the one connected to now: whether they are the same, the server knows.
    const store = feeds[0]?.store
    const from = since === undefined ? {} : { since_seq: since, ...(store !== undefined && { store }) }
    const payload = { ...topic.payload, ...from }
    topic.asked++
    this.#ask(`subscribe_${topic.kind}`, payload, { topic: topic.name, feeds, answered: false }, (answer) => {
      topic.asked--
      if (answer.success) return
      const error = this.#refused(answer, topic.name)
      for (const feed of feeds) {
        topic.feeds.delete(feed)
        feed.ears.error?.(error)
      }
      if (topic.feeds.size === 0 && this.#topics.get(topic.name) === topic) this.#topics.delete(topic.name)
    })
  }

  #ask(name: string, payload: Payload, request: Request, done: (answer: Answer) => void): void {
    this.#requests.push(request)
    this.#socket.emit(name, payload, (answer: Answer) => {
      const at = this.#requests.indexOf(request)
      if (at < 0) return // of a connection that has ended
      this.#requests.splice(at, 1)
      done(answer)
    })
  }

  #refused(answer: StreamError, topic: string): RequestError {
    const error = RequestError.from(answer, topic)
    this.#options.onError?.(error)
    return error
  }

  #tell(link: Link, reason: string): void {
    this.#link = link
    this.#options.onLink?.(link, reason)
  }

  /** Forgets the requests of a connection that has ended. */
  #lose(): void {
    const requests = this.#requests
    this.#requests = []
    for (const request of requests) request.lost?.()
  }

  /** Comes back in a while; for the cases that the library leaves to us. */
  #later(): void {
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => this.#socket.connect(), this.#delay * (1 + Math.random()))
    const longest = (this.#options.retryDelay ?? 500) * RETRY_GROWTH
    this.#delay = Math.min(2 * this.#delay, longest)
  }

  #onConnect(): void {
    this.#seen = 0
    for (const topic of this.#topics.values()) {
      topic.asked = 0
      this.#resubscribe(topic)
    }
    this.#tell('connected', '')
  }

  #onDisconnect(reason: string): void {
    for (const topic of this.#topics.values()) {
      for (const feed of topic.feeds) {
        // Pushes never go back over all topics: what was live has been told of everything up to here.
        if (topic.asked === 0 && this.#seen > 0) feed.reach(this.#seen, this.#greeting?.store)
        feed.pause(topic.resumes)
      }
    }
    this.#lose()
    this.#greeting = undefined
    this.#tell('offline', reason)
    // The server ended the session (a slow consumer, a restart): the library leaves coming back to us.
    if (reason === 'io server disconnect') this.#later()
  }

  #onRefusal(error: Error & { data?: { code?: number } }): void {
    if (error.data?.code === ErrorCode.unauthorized) {
      this.#socket.disconnect()
      this.#tell('unauthorized', error.message)
      return
    }
    this.#tell('offline', error.message)
    if (!this.#socket.active) this.#later() // the server refused: too many connections
  }

  #onHistory(data: HistoryData): void {
    const name = candleTopic(data.symbol, data.interval)
    const request = this.#requests.find(({ topic, answered }) => topic === name && !answered)
    if (!request) {
      for (const feed of this.#wanted(name)) feed.anew(data)
      return
    }
    request.answered = true
    for (const feed of this.#wanted(name, request.feeds)) feed.restart(data)
  }

  #onGap(gap: StreamGap): void {
    const request = this.#requests.find(({ topic, answered }) => topic === gap.topic && !answered)
    for (const feed of this.#wanted(gap.topic, request?.feeds)) feed.miss(gap)
  }

  #onWatch(status: WatchStatus): void {
    for (const { payload, feeds } of this.#topics.values()) {
      if (payload['symbol'] === status.symbol) for (const feed of [...feeds]) feed.ears.watch?.(status)
    }
  }

  /** Those of a topic, or of some of it, that are still wanted. */
  #wanted(name: string, some?: readonly Feed[]): Feed[] {
    const feeds = this.#topics.get(name)?.feeds
    return feeds ? [...feeds].filter((feed) => !some || some.includes(feed)) : []
  }

  #push(name: string, push: Numbered): void {
    const topic = this.#topics.get(name)
    if (!topic) return
    if (topic.asked === 0 && push.seq !== undefined && push.seq > this.#seen) this.#seen = push.seq
    for (const feed of [...topic.feeds]) feed.take(push, this.#greeting?.store)
  }

  #listen(): void {
    this.#socket.on('connect', () => this.#onConnect())
    this.#socket.on('disconnect', (reason) => this.#onDisconnect(reason))
    this.#socket.on('connect_error', (error) => this.#onRefusal(error))
    this.#socket.on('connection_success', (greeting: ConnectionSuccess) => (this.#greeting = greeting))
    this.#socket.on('history_data', (data: HistoryData) => this.#onHistory(data))
    this.#socket.on('kline_data', (push: KlineData) => this.#push(candleTopic(push.symbol, push.interval), push))
    this.#socket.on('price_update', (push: PriceUpdate) => this.#push(`price:${push.symbol}`, push))
    this.#socket.on('event_data', (push: EventData) => {
      this.#push(`events:${push.symbol}`, push)
      this.#push('events', push)
    })
    this.#socket.on('token_created', (push: Numbered) => this.#push('token_events', push))
    this.#socket.on('alert', (push: Numbered) => this.#push('alerts', push))
    this.#socket.on('gap', (gap: StreamGap) => this.#onGap(gap))
    this.#socket.on('watch_status', (status: WatchStatus) => this.#onWatch(status))
    this.#socket.onAny(() => (this.#delay = this.#options.retryDelay ?? 500))
  }
}

function common({ onGap, onWatch, onError }: Common): Ears {
  return { gap: onGap, watch: onWatch, error: onError }
}

/** The topic of a mint's candles. */
export function candleTopic(mint: string, interval: string): string {
  return `kline:${mint}:${interval}`
}
