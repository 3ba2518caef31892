import { ErrorCode, type RequestError } from './errors.js'
import type { Subscription } from './types.js'

/** Where to go on from: everything up to this commit of this store was taken. It may be kept, as JSON too. */
export interface Position {
  seq: number
  store?: string | undefined
}

export interface FollowOptions {
  /** Goes on where an earlier reader stopped; what that commit itself brought comes once more. */
  since?: Position | undefined
  /** Ends it, as `close` does. */
  signal?: AbortSignal
}

/** What can be ended, also with an error. */
export interface Closable {
  close(): void
  fail(error: Error): void
}

/** So much waits for the reader. */
export const MAX_WAITING = 10_000
/** After so long what failed for a moment is asked for again. */
export const RETRY_MS = 1000

/**
 * Something that is read with `for await`, by one reader. What comes meanwhile waits in a queue that has a bound; a reader that
 * falls behind it loses nothing: the subscription is given up, and resumed from the reader's position once the queue is empty.
 */
export abstract class Follower<T> implements AsyncIterableIterator<T>, Closable {
  #subscription: Subscription | undefined
  #wake: (() => void) | undefined
  #error: Error | undefined
  #closed = false
  #behind = false
  #retry: ReturnType<typeof setTimeout> | undefined
  readonly #ended: (follower: Closable) => void

  constructor(signal: AbortSignal | undefined, ended: (follower: Closable) => void) {
    this.#ended = ended
    if (signal?.aborted) this.#closed = true
    else signal?.addEventListener('abort', () => this.close(), { once: true })
  }

  /** Where a later reader is to go on. undefined as long as less was taken than makes one commit whole. */
  abstract readonly position: Position | undefined

  /** Subscribes from the position, or anew without one. */
  protected abstract subscribe(): Subscription
  /** What comes next, if it is there. */
  protected abstract take(): T | undefined
  /** Gets more; undefined when there is nothing to get but what is pushed. */
  protected fetch(): Promise<void> | undefined {
    return undefined
  }
  /** Forgets what waits. */
  protected abstract clear(): void

  /** The subscription is live: what it asked for has been answered. */
  protected get ready(): boolean {
    return this.#subscription?.ready ?? false
  }

  protected get closed(): boolean {
    return this.#closed
  }

  protected get failed(): boolean {
    return this.#error !== undefined
  }

  /** Asks for it (again). */
  start(): void {
    if (this.#closed || this.#error) return
    this.#subscription?.close()
    this.#subscription = this.subscribe()
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    while (!this.#closed) {
      const value = this.take()
      if (value !== undefined) return { value, done: false }
      if (this.#error) {
        const error = this.#error
        this.close()
        throw error
      }
      if (this.#behind) {
        this.#behind = false
        this.start()
      }
      // Made before anything is waited for: what comes meanwhile is not missed.
      const woken = new Promise<void>((resolve) => (this.#wake = resolve))
      await (this.fetch() ?? woken)
    }
    return { value: undefined, done: true }
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.close()
    return Promise.resolve({ value: undefined, done: true })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Ends it; what waits is dropped. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#retry)
    this.#subscription?.close()
    this.clear()
    this.#ended(this)
    this.wake()
  }

  /** Ends it with an error, which the reader gets after what waits. */
  fail(error: Error): void {
    this.#error ??= error
    this.#subscription?.close()
    this.wake()
  }

  /** Something can be taken. */
  protected wake(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  /** The reader is so far behind that no more is kept. */
  protected overflow(): void {
    this.#subscription?.close()
    this.#subscription = undefined
    this.#behind = true
    this.clear()
    this.wake()
  }

  /** The server refused the subscription. */
  protected refused(error: RequestError): void {
    if (error.code !== ErrorCode.rateLimited) {
      this.fail(error)
      return
    }
    this.#subscription = undefined
    this.#retry = setTimeout(() => this.start(), RETRY_MS)
  }
}
