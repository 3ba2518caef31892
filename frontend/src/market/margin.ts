import { eventKey, largeFrom, type TapeEvent, toTrade } from './trade'

/** A whole number of the chain's smallest units: above 2^53 it comes as a string. */
type Amount = number | string

interface Terms {
  /** 1 long, 2 short */
  order_type: number
  lock_lp_start_price: string
  lock_lp_end_price: string
  lock_lp_sol_amount: Amount
  margin_sol_amount: Amount
  order_pda: string
}

export type PositionSide = 'long' | 'short'

/** An open margin order: where the market would liquidate it, and how much that moves. */
export interface Position {
  key: string
  side: PositionSide
  /** The range of prices, SOL per whole token. */
  low: number
  high: number
  /** SOL in the range. */
  sol: number
}

/** Something that happened and is worth a mark at its candle. */
export interface Happening {
  key: string
  /** Unix seconds. */
  time: number
  kind: 'liquidation' | 'buy' | 'sell'
  /** Of a liquidated order, when it is known. */
  side?: PositionSide
  /** SOL; NaN when it is not known. */
  sol: number
}

/** The events that change what stands here, as the wire carries them. */
export type MarginEvent = TapeEvent & Partial<Terms & { latest_price: string }>

/** Open orders kept at most. The server gives those nearest to the price first. */
export const MOST_POSITIONS = 2000
/** Marks kept at most, the newest. */
export const MOST_HAPPENINGS = 500
/** A trade among this largest share of the recent ones is a large one. */
const LARGE_SHARE = 50
const LAMPORTS = 1e9
const SHORT = 2

/** An order as a position; null when its figures make no range. `scale` is what its raw prices are times SOL. */
export function toPosition(terms: Terms, scale: number): Position | null {
  const [start, end] = [Number(terms.lock_lp_start_price) * scale, Number(terms.lock_lp_end_price) * scale]
  const [low, high] = [Math.min(start, end), Math.max(start, end)]
  if (!(low > 0) || !Number.isFinite(high)) return null
  const side = terms.order_type === SHORT ? 'short' : 'long'
  return { key: terms.order_pda, side, low, high, sol: Number(terms.lock_lp_sol_amount) / LAMPORTS || 0 }
}

/** The open orders of one mint and what befell them, kept by its events. */
export class MarginBook {
  readonly open = new Map<string, Position>()
  #happened = new Map<string, Happening>()
  #list: readonly Happening[] | undefined
  /** SOL from which a trade counts as large. */
  large = Infinity

  /** Oldest first; the same list as long as nothing happens. */
  get happenings(): readonly Happening[] {
    return (this.#list ??= [...this.#happened.values()])
  }

  seed(positions: readonly (Position | null)[]): void {
    this.open.clear()
    for (const position of positions) this.#put(position)
  }

  /** Takes recent events, oldest first, for their marks and for what counts as large; open orders stay as they are. */
  recall(events: readonly MarginEvent[]): void {
    this.large = largeFrom(
      events.map((event) => toTrade(event)?.sol ?? 0),
      LARGE_SHARE,
    )
    const past = new MarginBook()
    past.large = this.large
    for (const [key, position] of this.open) past.open.set(key, position)
    for (const event of events) past.take(event)
    this.#happened = past.#happened
    this.#list = undefined
  }

  /** Takes over the marks of an older book of the same mint. */
  remember(older: MarginBook): void {
    this.large = older.large
    this.#happened = new Map(older.#happened)
    this.#list = undefined
  }

  /** Takes one event; tells whether anything that is shown changed. Taking one again changes nothing. */
  take(event: MarginEvent): boolean {
    const trade = toTrade(event)
    const large = trade !== null && trade.sol >= this.large
    const marked = large && trade.side !== 'none' && this.#mark(event, trade.time, trade.side, trade.sol)
    const key = event.order_pda ?? ''
    switch (event.event_type) {
      case 'LongShort':
      case 'PartialClose': {
        const scale = Number(event.price_exact) / Number(event.latest_price)
        return this.#put(toPosition(event as Terms, scale)) || marked
      }
      case 'FullClose':
        return this.open.delete(key) || marked
      case 'ForceLiquidate': {
        const order = this.open.get(key)
        this.open.delete(key)
        return this.#mark(event, trade?.time ?? 0, 'liquidation', order?.sol ?? NaN, order?.side)
      }
      default:
        return marked
    }
  }

  #put(position: Position | null): boolean {
    if (!position) return false
    if (this.open.size >= MOST_POSITIONS && !this.open.has(position.key)) return false
    this.open.set(position.key, position)
    return true
  }

  #mark(event: MarginEvent, time: number, kind: Happening['kind'], sol: number, side?: PositionSide): boolean {
    const key = eventKey(event)
    if (this.#happened.has(key)) return false
    this.#happened.set(key, { key, time, kind, sol, ...(side && { side }) })
    const [oldest] = this.#happened.keys()
    if (this.#happened.size > MOST_HAPPENINGS && oldest !== undefined) this.#happened.delete(oldest)
    this.#list = undefined
    return true
  }
}

/** How much lies at each row of pixels, for ranges given as rows from the top; ranges outside do not count. */
export function depth(ranges: readonly { top: number; bottom: number; size: number }[], height: number): Float64Array {
  const rows = new Float64Array(Math.max(0, height) + 1)
  for (const { top, bottom, size } of ranges) {
    if (!(bottom >= 0) || !(top < height)) continue
    const first = Math.max(0, Math.floor(top))
    // A range thinner than a pixel still shows.
    const end = Math.min(height, Math.max(first + 1, Math.ceil(bottom)))
    rows[first] = (rows[first] ?? 0) + size
    rows[end] = (rows[end] ?? 0) - size
  }
  let sum = 0
  for (let row = 0; row < height; row++) {
    sum += rows[row] ?? 0
    // What is left over when everything ended is only rounding.
    rows[row] = sum > 1e-12 ? sum : 0
  }
  return rows.subarray(0, Math.max(0, height))
}
