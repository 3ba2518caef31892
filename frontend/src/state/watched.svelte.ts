import type { WatchedCoin } from '../api/client/index'
import { isAbort, type Rest } from '../api/rest'
import { reason } from './reason'

/** What can change the list: the desktop app's bindings. A rejection says why, for the person. */
export interface WatchWriter {
  /** Puts the coin that a text names on the list; the answer is its mint. */
  add(text: string): Promise<string>
  remove(mint: string): Promise<void>
}

/** The list is looked at so often, in milliseconds: others change it too. */
const CALM_MS = 30_000

/** The coins that are followed by their own addresses, and how that goes. */
export class Watched {
  /** In the order in which they were added. */
  coins = $state.raw<readonly WatchedCoin[]>([])
  phase = $state<'idle' | 'ready' | 'error'>('idle')
  /** Why the list could not be read. */
  error = $state('')
  /** Whether the list can be changed from here. */
  readonly writable: boolean
  /** Whether it is on screen: then it is looked at each second. */
  open = false
  /** Hears of coins whose state or progress is another one than before. */
  moved: ((coin: WatchedCoin, before: WatchedCoin | undefined) => void) | undefined
  /** Asked for here; the server takes them in within a second. */
  #added = new Set<string>()
  #removed = new Set<string>()
  #looked = 0
  #reading: AbortController | undefined

  constructor(
    private readonly rest: () => Rest,
    private readonly writer: WatchWriter | null,
    private readonly machine: () => number = Date.now,
  ) {
    this.writable = writer !== null
  }

  get(mint: string): WatchedCoin | undefined {
    return this.coins.find((coin) => coin.mint === mint)
  }

  /** Called once a second: looks often while something is under way or awaited, and now and then else. */
  tick(awaited = false): void {
    if (this.#reading) return // an answer that takes more than a second is waited for
    const busy = awaited || this.open || this.coins.some(({ state }) => state === 'unknown' || state === 'reading')
    if (busy || this.#removed.size > 0 || this.machine() - this.#looked >= CALM_MS) void this.read()
  }

  async read(): Promise<void> {
    this.#reading?.abort()
    const reading = new AbortController()
    this.#reading = reading
    this.#looked = this.machine()
    try {
      const { coins } = await this.rest().watch(reading.signal)
      if (reading.signal.aborted) return
      this.#take(coins)
      this.phase = 'ready'
      this.error = ''
    } catch (error) {
      if (reading.signal.aborted || isAbort(error)) return
      // What is known stays: the next look comes soon.
      if (this.phase !== 'ready') this.phase = 'error'
      this.error = reason(error)
    } finally {
      if (this.#reading === reading) this.#reading = undefined
    }
  }

  /** Puts the coin that a text names on the list; the answer is its mint. It rejects with the reason. */
  async add(text: string): Promise<string> {
    if (!this.writer) throw new Error('the list cannot be changed from here')
    const mint = await this.writer.add(text)
    this.#removed.delete(mint)
    if (!this.get(mint)) {
      this.#added.add(mint)
      this.coins = [...this.coins, pending(mint)]
    }
    void this.read()
    return mint
  }

  /** Takes a coin off the list; what is stored of it stays. It rejects with the reason. */
  async remove(mint: string): Promise<void> {
    if (!this.writer) throw new Error('the list cannot be changed from here')
    await this.writer.remove(mint)
    this.#added.delete(mint)
    this.#removed.add(mint)
    this.coins = this.coins.filter((coin) => coin.mint !== mint)
    void this.read()
  }

  #take(listed: readonly WatchedCoin[]): void {
    const mints = new Set(listed.map(({ mint }) => mint))
    for (const mint of this.#added) if (mints.has(mint)) this.#added.delete(mint)
    for (const mint of this.#removed) if (!mints.has(mint)) this.#removed.delete(mint)

    const before = new Map(this.coins.map((coin) => [coin.mint, coin]))
    this.coins = [...listed.filter(({ mint }) => !this.#removed.has(mint)), ...[...this.#added].map(pending)]
    for (const coin of this.coins) {
      const known = before.get(coin.mint)
      if (known?.state !== coin.state || known.done !== coin.done) this.moved?.(coin, known)
    }
  }
}

/** A coin that the server has not taken in yet. */
function pending(mint: string): WatchedCoin {
  return {
    mint,
    symbol: '',
    name: '',
    program: '',
    state: 'unknown',
    on_demand: false,
    addresses: { curve: '', pool: '' },
    done: 0,
    total: 0,
    holes: [],
    message: '',
  }
}
