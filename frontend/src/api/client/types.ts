import type { RequestError } from './errors.js'
import type {
  Alert,
  EventData,
  HistoryData,
  KlineData,
  PriceUpdate,
  StreamGap,
  TokenCreatedEvent,
  WatchStatus,
} from './wire.gen.js'

/** How the connection stands. All but `unauthorized` and `closed` mend themselves. */
export type Link = 'connecting' | 'connected' | 'offline' | 'unauthorized' | 'closed'

export interface Options {
  /** Needed only by a server that has one. */
  token?: string
  /** false: waits for `open`. */
  autoConnect?: boolean
  /** Milliseconds before the first attempt to come back; they double up to ten times as many. 500 unless told. */
  retryDelay?: number
  onLink?(link: Link, reason: string): void
  /** Hears of every refusal, also of those that a subscription's own `onError` hears of. */
  onError?(error: RequestError): void
}

export interface Common {
  /** The server cannot replay these commits of this topic: what was read of it before lacks them. */
  onGap?(gap: StreamGap): void
  /** How far a coin is that is followed because a client asked for it. */
  onWatch?(status: WatchStatus): void
  /** The server refused; the subscription has ended. */
  onError?(error: RequestError): void
}

/** How to resume where another connection ended: everything of this commit and later comes again. */
export interface Resumable {
  since?: number | undefined
  /** The store that `since` was taken from. If the server's is another one by now, that is a gap. */
  store?: string | undefined
}

export interface CandleHandlers extends Common, Resumable {
  /**
   * The newest candles, or after a resume those that changed since. After a gap it replaces what was known. Oldest
   * first.
   */
  onHistory?(history: HistoryData): void
  onCandle?(push: KlineData): void
  /** The history of a coin that is followed because a client asked for it is whole now: the newest candles, anew. */
  onWhole?(history: HistoryData): void
}

export interface PriceHandlers extends Common {
  onPrice?(push: PriceUpdate): void
}

export interface EventHandlers extends Common, Resumable {
  /** The same `(signature, ordinal)` comes again only when something about the event has changed. */
  onEvent?(push: EventData): void
}

export interface TokenHandlers extends Common, Resumable {
  onToken?(push: TokenCreatedEvent): void
}

export interface AlertHandlers extends Common {
  onAlert?(push: Alert): void
}

/** Something that is wanted until `close`. */
export interface Subscription {
  /** Such as kline:MINT:m1. */
  readonly topic: string
  /** The newest commit seen: `since` of a later connection. undefined as long as nothing came. */
  readonly seq: number | undefined
  /** The store that `seq` is of: `store` of a later connection. */
  readonly store: string | undefined
  /** It is live: what it asked for has been answered. */
  readonly ready: boolean
  close(): void
}

export interface HistoryQuery {
  /** At most 5000; 100 unless told. */
  limit?: number
  /** Unix seconds, inclusive. */
  from?: number
  /** Unix seconds, inclusive. */
  to?: number
  order?: 'asc' | 'desc'
  /** Flat candles for empty buckets; needs from and to. */
  fill?: boolean
}
