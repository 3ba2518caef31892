import { floor, type Interval, seconds } from './interval'
import type { PositionSide } from './margin'
import { eventKey, type TapeEvent, toTrade } from './trade'

/** What happened in one candle, of one kind and side. */
export interface Mark {
  /** The candle's, Unix seconds. */
  time: number
  kind: 'liquidation' | 'buy' | 'sell' | 'graduation'
  /** Of liquidated orders; undefined where they were opened before the stored history. */
  side?: PositionSide
  count: number
  /** What was paid, whole units of the quote, of those whose size is known. */
  paid: number
  /** How many are of a size that is not. */
  unknown: number
}

/** The same as the server tells it. */
export interface MarkAnswer {
  time: number
  kind: 'liquidation' | 'large_trade' | 'graduation'
  side: 'long' | 'short' | 'unknown' | 'buy' | 'sell' | 'none'
  count: number
  quote_volume: number | null
}

/** Marks kept at most; the oldest fall out. */
export const MAX_MARKS = 20_000
/** Events told again after so many others are counted again. */
const MAX_SEEN = 5000

/** Marks of one mint and interval: what the server added up, and each event after that. */
export class RecentMarks {
  #marks = new Map<string, Mark>()
  #seen = new Set<string>()
  #list: readonly Mark[] | undefined
  /** Candles that begin earlier are not marked, or not whole. */
  from = Infinity

  constructor(
    private readonly interval: Interval,
    /** Whole units of the quote from which a trade is a large one. */
    readonly large: number,
  ) {}

  /** The same list as long as nothing happens. */
  get list(): readonly Mark[] {
    return (this.#list ??= [...this.#marks.values()])
  }

  /** Takes a part of what the server added up: all back to `reached`. */
  add(marks: readonly MarkAnswer[], reached: number): void {
    for (const { time, kind, side, count, quote_volume: paid } of marks) {
      const known = paid === null ? { paid: 0, unknown: count } : { paid, unknown: 0 }
      if (side === 'buy' || side === 'sell') this.#put({ time, kind: side, count, ...known })
      else if (kind === 'graduation') this.#put({ time, kind, count, paid: 0, unknown: 0 })
      else if (kind === 'liquidation') {
        const whose = side === 'long' || side === 'short' ? { side } : {}
        this.#put({ time, kind, count, ...known, ...whose })
      }
    }
    this.from = Math.min(this.from, reached)
    this.#bound()
  }

  /** Takes one event that came after what was added up; reports whether it made a mark. Taking one again changes nothing. */
  happen(event: TapeEvent): boolean {
    const trade = toTrade(event)
    if (!trade) return false
    const time = floor(this.interval, trade.time)
    const liquidated = trade.kind === 'liq'
    const graduated = trade.kind === 'graduated'
    if (!liquidated && !graduated && (trade.side === 'none' || !(trade.paid >= this.large))) return false

    const key = eventKey(event)
    if (this.#seen.has(key)) return false
    if (this.#seen.size >= MAX_SEEN) this.#seen.clear()
    this.#seen.add(key)

    const known = Number.isFinite(trade.paid) ? { paid: trade.paid, unknown: 0 } : { paid: 0, unknown: 1 }
    if (graduated) this.#put({ time, kind: 'graduation', count: 1, ...known })
    else if (!liquidated) this.#put({ time, kind: trade.side === 'buy' ? 'buy' : 'sell', count: 1, ...known })
    else this.#put({ time, kind: 'liquidation', count: 1, ...known, ...(trade.order && { side: trade.order.side }) })
    this.#bound()
    return true
  }

  #put(mark: Mark): void {
    const id = `${mark.time} ${mark.kind} ${mark.side ?? ''}`
    const known = this.#marks.get(id)
    this.#marks.set(
      id,
      known
        ? {
            ...known,
            count: known.count + mark.count,
            paid: known.paid + mark.paid,
            unknown: known.unknown + mark.unknown,
          }
        : mark,
    )
    this.#list = undefined
  }

  #bound(): void {
    if (this.#marks.size <= MAX_MARKS) return
    const sorted = [...this.#marks].sort(([, a], [, b]) => b.time - a.time)
    this.#marks = new Map(sorted.slice(0, MAX_MARKS))
    this.from = Math.max(this.from, (sorted[MAX_MARKS]?.[1].time ?? 0) + seconds(this.interval))
    this.#list = undefined
  }
}
