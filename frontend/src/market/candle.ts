/**
 * A candle as the wire carries it. Prices are quote per whole token. This layer knows no wire, and the wire's types are a
 * package of their own; the compiler holds the two to each other where answers are merged.
 */
export interface Candle {
  time: number
  open: number
  high: number
  low: number
  close: number
  volume: number
  quote_volume: number
  trades: number
  buy_volume: number
  is_final: boolean
  update_type: 'realtime' | 'final' | 'correction'
  update_count: number
  provisional?: boolean
  corrected?: boolean
}

/** A candle of the shown series. */
export interface Bar extends Candle {
  /** It changed after it had been final. */
  corrected: boolean
}

/** What a push did to the series, in the terms the chart needs. */
export type Change = 'none' | 'append' | 'last' | 'late' | 'rebuild'

interface Entry {
  bar: Bar
  seq: number
}

/** Bars kept at most; the oldest fall out, and scrolling back fetches them again. */
export const MAX_BARS = 120_000

/**
 * The candles of one mint and interval, joined from history pages and live pushes. Every answer and push carries the
 * commit it reflects (seq); for each bucket the newest commit wins, so the order of arrival does not matter.
 */
export class CandleSeries {
  #entries: Entry[] = []
  #removed = new Map<number, number>()
  #hasOlder = false
  /** The newest commit seen. */
  seq = 0

  get length(): number {
    return this.#entries.length
  }

  get bars(): Bar[] {
    return this.#entries.map((entry) => entry.bar)
  }

  get last(): Bar | undefined {
    return this.#entries.at(-1)?.bar
  }

  get oldest(): Bar | undefined {
    return this.#entries[0]?.bar
  }

  /** Whether the server holds candles before the oldest one here. */
  get hasOlder(): boolean {
    return this.#hasOlder
  }

  at(time: number): Bar | undefined {
    const index = this.#find(time)
    const entry = this.#entries[index]
    return entry?.bar.time === time ? entry.bar : undefined
  }

  /** The bar before the one of `time`. */
  before(time: number): Bar | undefined {
    return this.#entries[this.#find(time) - 1]?.bar
  }

  /** Forgets all bars, for those of another mint or interval. */
  clear(): void {
    this.#entries = []
    this.#removed.clear()
    this.#hasOlder = false
    this.seq = 0
  }

  /** Takes one live push. */
  push(candle: Candle, seq: number): Change {
    this.seq = Math.max(this.seq, seq)
    const change = this.#put(candle, seq)
    if (this.#entries.length > MAX_BARS) {
      this.#entries.splice(0, MAX_BARS / 10)
      this.#hasOlder = true
      return 'rebuild'
    }
    return change
  }

  /**
   * Takes an answer of the server that reflects commit `seq`: a page of history, which knows whether older candles
   * exist, or what changed since a commit, which does not. Tells what the chart must do.
   */
  merge(page: readonly Candle[], seq: number, hasOlder?: boolean): Change {
    this.seq = Math.max(this.seq, seq)
    const oldest = this.oldest?.time ?? Infinity
    const older = page.filter((candle) => candle.time < oldest && !this.#isRemoved(candle.time, seq))
    const reaches = page.length === 0 || page.some((candle) => candle.time <= oldest)
    if (hasOlder !== undefined && reaches) this.#hasOlder = hasOlder
    let result: Change = 'none'
    if (older.length > 0) {
      const entries = older.map((candle) => ({ bar: toBar(candle), seq }))
      this.#entries = entries.sort((a, b) => a.bar.time - b.bar.time).concat(this.#entries)
      result = 'rebuild'
    }
    for (const candle of page) {
      if (candle.time >= oldest) result = both(result, this.#put(candle, seq))
    }
    return result
  }

  #put(candle: Candle, seq: number): Change {
    if (this.#isRemoved(candle.time, seq)) return 'none'
    const index = this.#find(candle.time)
    const known = this.#entries[index]
    if (candle.trades === 0 && candle.update_type === 'correction') {
      // A rollback emptied the bucket: it leaves history. Remember it, a page read earlier may still be on its way.
      this.#removed.set(candle.time, seq)
      if (known?.bar.time !== candle.time || known.seq > seq) return 'none'
      this.#entries.splice(index, 1)
      return 'rebuild'
    }
    const bar = toBar(candle)
    if (known?.bar.time === candle.time) {
      if (known.seq > seq) return 'none'
      known.seq = seq
      if (same(known.bar, bar)) return 'none'
      known.bar = bar
      return index === this.#entries.length - 1 ? 'last' : 'late'
    }
    this.#entries.splice(index, 0, { bar, seq })
    return index === this.#entries.length - 1 ? 'append' : 'rebuild'
  }

  #isRemoved(time: number, seq: number): boolean {
    const removed = this.#removed.get(time)
    if (removed === undefined) return false
    if (removed >= seq) return true
    this.#removed.delete(time)
    return false
  }

  /** Index of the first entry not before `time`. */
  #find(time: number): number {
    let low = 0
    let high = this.#entries.length
    const newest = this.#entries[high - 1]
    if (!newest || newest.bar.time < time) return high
    while (low < high) {
      const middle = (low + high) >> 1
      const entry = this.#entries[middle]
      if (entry && entry.bar.time < time) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Two changes told as one: anything beyond the same newest bar means drawing anew. */
function both(a: Change, b: Change): Change {
  if (a === 'none') return b
  if (b === 'none') return a
  return a === 'last' && b === 'last' ? 'last' : 'rebuild'
}

function toBar(candle: Candle): Bar {
  return { ...candle, corrected: candle.corrected === true || candle.update_type === 'correction' }
}

function same(a: Bar, b: Bar): boolean {
  return (
    a.close === b.close &&
    a.high === b.high &&
    a.low === b.low &&
    a.open === b.open &&
    a.volume === b.volume &&
    a.quote_volume === b.quote_volume &&
    a.buy_volume === b.buy_volume &&
    a.trades === b.trades &&
    a.is_final === b.is_final &&
    a.corrected === b.corrected &&
    (a.provisional ?? false) === (b.provisional ?? false)
  )
}
