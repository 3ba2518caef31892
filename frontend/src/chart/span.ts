/** A run of bars by their places: from the first up to, not including, the last. */
export interface Span {
  from: number
  to: number
}

/** Bars kept on the canvas on either side of those in sight, at least. */
const MARGIN = 1500

/**
 * Which bars the canvas is to hold when these are in sight, of so many in all; null while those it holds will do. The
 * chart library goes through all its bars at every update, so that it gets a part of a long series.
 */
export function follow(held: Span, sight: Span, total: number): Span | null {
  const margin = Math.max(MARGIN, 2 * (sight.to - sight.from))
  const wanted = { from: Math.max(0, sight.from - margin), to: Math.min(total, sight.to + margin) }
  const near = margin / 3
  const short = (held.from > 0 && sight.from - held.from < near) || (held.to < total && held.to - sight.to < near)
  const long = held.to - held.from > 2 * (wanted.to - wanted.from) + MARGIN
  return short || long ? wanted : null
}

/** The newest bars: what a chart begins with. */
export function newest(total: number): Span {
  return { from: Math.max(0, total - 2 * MARGIN), to: total }
}

/**
 * How many bars a view must move on, or back with a negative number, so that half of it is bars, or all of them when they
 * are fewer; 0 when it need not. Nobody is to be lost in the emptiness beyond the first bar or the last.
 */
export function stray(view: Span, total: number): number {
  const wanted = Math.min(total, (view.to - view.from) / 2)
  const moved = Math.max(wanted - view.to, Math.min(total - wanted - view.from, 0))
  return Math.abs(moved) < 0.01 ? 0 : moved
}
