import type { TapeEvent } from './trade'

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
  /** The range of prices, quote per whole token. */
  low: number
  high: number
  /** Whole units of the quote in the range. */
  paid: number
}

/** The events that change what stands here, as the wire carries them. */
export type MarginEvent = TapeEvent & Partial<Terms & { latest_price: string }>

/** Open orders kept at most. The server gives those nearest to the price first. */
export const MAX_POSITIONS = 2000
const LAMPORTS = 1e9
const SHORT = 2

/** An order as a position; null when its figures make no range. `scale` is what its raw prices are times the quote. */
export function toPosition(terms: Terms, scale: number): Position | null {
  const [start, end] = [Number(terms.lock_lp_start_price) * scale, Number(terms.lock_lp_end_price) * scale]
  const [low, high] = [Math.min(start, end), Math.max(start, end)]
  if (!(low > 0) || !Number.isFinite(high)) return null
  const side = terms.order_type === SHORT ? 'short' : 'long'
  return { key: terms.order_pda, side, low, high, paid: Number(terms.lock_lp_sol_amount) / LAMPORTS || 0 }
}

/** The open orders of one mint, kept by its events. */
export class OpenPositions {
  readonly open = new Map<string, Position>()

  constructor(positions: readonly (Position | null)[] = []) {
    for (const position of positions) this.#put(position)
  }

  /** Takes one event; reports whether an open order changed. Taking one again changes nothing. */
  take(event: MarginEvent): boolean {
    const key = event.order_pda ?? ''
    switch (event.event_type) {
      case 'LongShort':
      case 'PartialClose': {
        const scale = Number(event.price_exact) / Number(event.latest_price)
        return this.#put(toPosition(event as Terms, scale))
      }
      case 'FullClose':
      case 'ForceLiquidate':
        return this.open.delete(key)
      default:
        return false
    }
  }

  #put(position: Position | null): boolean {
    if (!position) return false
    if (this.open.size >= MAX_POSITIONS && !this.open.has(position.key)) return false
    this.open.set(position.key, position)
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

/**
 * How much is liquidated until the price has come to each row of pixels: for the rows where ranges begin, in the direction in which
 * the price meets them. What begins outside, on the way there, counts too.
 */
export function cumulated(
  starts: readonly { row: number; size: number }[],
  height: number,
  down: boolean,
): Float64Array {
  const rows = new Float64Array(Math.max(0, height))
  let before = 0
  for (const { row, size } of starts) {
    const at = Math.floor(row)
    if (at >= 0 && at < height) rows[at] = (rows[at] ?? 0) + size
    else if (down ? at < 0 : at >= height) before += size
  }
  for (let i = 0; i < height; i++) {
    const row = down ? i : height - 1 - i
    before += rows[row] ?? 0
    rows[row] = before
  }
  return rows
}
