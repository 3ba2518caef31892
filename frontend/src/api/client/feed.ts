import type { RequestError } from './errors.js'
import type { Resumable, Subscription } from './types.js'
import type { StreamGap, WatchStatus } from './wire.gen.js'

/** A push that belongs to a commit; events have a signature and an ordinal too. */
export interface Numbered {
  seq?: number
  signature?: string
  ordinal?: number
}

/** What a subscription does with what comes. */
export interface Ears {
  history?: ((data: never) => void) | undefined
  push?: ((data: never) => void) | undefined
  whole?: ((data: never) => void) | undefined
  gap?: ((gap: StreamGap) => void) | undefined
  watch?: ((status: WatchStatus) => void) | undefined
  error?: ((error: RequestError) => void) | undefined
}

/** One subscription: how far it has come, and whom it tells. */
export class Feed implements Subscription {
  /** It takes pushes: what comes before its history is in the history. */
  ready: boolean
  #seq: number | undefined
  /** The store whose commits #seq counts. */
  #store: string | undefined
  /** What of commit #seq was handed on, for only that one may come again. */
  readonly #handed = new Set<string>()

  constructor(
    readonly topic: string,
    { since, store }: Resumable,
    readonly ears: Ears,
    readonly needsHistory: boolean,
    private readonly drop: (feed: Feed) => void,
  ) {
    this.#seq = since
    this.#store = store
    this.ready = !needsHistory
  }

  get seq(): number | undefined {
    return this.#seq
  }

  get store(): string | undefined {
    return this.#store
  }

  close(): void {
    this.drop(this)
  }

  /** Hands a push of the connected store on, unless it came before. */
  take(push: Numbered, store: string | undefined): void {
    if (!this.ready) return
    if (push.seq !== undefined) {
      if (push.seq < (this.#seq ?? 0)) return
      if (push.seq > (this.#seq ?? 0)) this.#move(push.seq, store)
      if (push.signature !== undefined && push.ordinal !== undefined) {
        const name = `${push.signature}:${push.ordinal}`
        if (this.#handed.has(name)) return
        this.#handed.add(name)
      }
    }
    this.ears.push?.(push as never)
  }

  /** Takes an answer with candles. Its commit is set, not raised: a server with a new store counts from below. */
  restart(history: { seq: number; store?: string }): void {
    this.ready = true
    this.#move(history.seq, history.store)
    this.ears.history?.(history as never)
  }

  /** Takes a history that comes without being asked for: pushes go on after it. */
  anew(history: { seq: number; store?: string }): void {
    if (!this.ready) return
    this.#move(history.seq, history.store)
    this.ears.whole?.(history as never)
  }

  /** Everything up to a commit of the connected store has come. */
  reach(seq: number, store: string | undefined): void {
    if (seq > (this.#seq ?? 0)) this.#move(seq, store)
  }

  /** What comes next may count from below. */
  miss(gap: StreamGap): void {
    this.#move(undefined)
    this.ears.gap?.(gap)
  }

  /** The connection ended. A topic that cannot be resumed begins anew. */
  pause(resumes: boolean): void {
    this.ready = !this.needsHistory
    if (!resumes) this.#move(undefined)
  }

  #move(seq: number | undefined, store?: string): void {
    this.#seq = seq
    this.#store = store
    this.#handed.clear()
  }
}
