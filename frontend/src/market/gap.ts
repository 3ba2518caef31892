import { formatWhole } from './price'

/** A known gap in what was read from the chain, as the chart marks it. */
export interface GapMark {
  fromSlot: number
  toSlot: number
  /** Unix seconds, by the slots nearby; -Infinity when it reaches back to the chain's beginning. */
  from: number
  to: number
  cause: string
  /** open: it may still be filled. lost: it never will. */
  state: 'open' | 'lost'
  /** The coin's program was followed live only by then, and nobody can list what it did before. */
  live: boolean
}

/** What the cause of a gap begins with that lies before a program was followed, or while nothing was told of it. */
const LIVE_ONLY = 'followed live only'

/** Whether a gap is of a program that is followed live only. */
export function isLiveOnly(cause: string): boolean {
  return cause.startsWith(LIVE_ONLY)
}

/** The slots of a gap, from its first to its last. */
export function slotsText(first: number, last: number): string {
  return first === last ? `slot ${formatWhole(first)}` : `slots ${formatWhole(first)} to ${formatWhole(last)}`
}

/** Where a mark stands among the bars: edges in bar indices, the middle of bar i being i. */
export interface Span {
  left: number
  right: number
}

interface Timed {
  time: number
}

/** Index of the first bar that starts after `time`. */
function after(bars: readonly Timed[], time: number): number {
  let [low, high] = [0, bars.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((bars[middle]?.time ?? Infinity) > time) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * The bars a gap touches. One between two bars has no width of its own: left equals right. Null when it lies before
 * the oldest bar and more bars could stand between (`hasOlder`).
 */
export function gapSpan(
  bars: readonly Timed[],
  length: number,
  gap: { from: number; to: number },
  hasOlder: boolean,
): Span | null {
  if (bars.length === 0 || !(gap.to >= gap.from)) return null
  const first = after(bars, gap.from - length)
  const end = after(bars, gap.to)
  if (end === 0 && hasOlder) return null
  const left = first === 0 && gap.from === -Infinity && !hasOlder ? -Infinity : first - 0.5
  return { left, right: Math.max(left, end - 0.5) }
}

const SLOT_SECONDS = 0.4
const MAX_KEPT = 256
/** Anchors nearer to each other than this tell nothing new, in slots. */
const NEAR = 50

/** When a slot was, learned from what was seen to happen in slots. */
export class SlotClock {
  #anchors: { slot: number; time: number }[] = []

  get known(): boolean {
    return this.#anchors.length > 0
  }

  observe(slot: number, time: number): void {
    if (!(slot > 0) || !(time > 0)) return
    const place = this.#place(slot)
    const [before, next] = [this.#anchors[place - 1], this.#anchors[place]]
    if ((before && slot - before.slot < NEAR) || (next && next.slot - slot < NEAR)) return
    this.#anchors.splice(place, 0, { slot, time })
    if (this.#anchors.length > MAX_KEPT) {
      const last = this.#anchors.length - 1
      this.#anchors = this.#anchors.filter((_, i) => i % 2 === 0 || i === last)
    }
  }

  /** Unix seconds; NaN while nothing is known. Exact at an anchor, in proportion between two, reckoned beyond. */
  time(slot: number): number {
    const place = this.#place(slot)
    const [before, next] = [this.#anchors[place - 1], this.#anchors[place]]
    if (next?.slot === slot) return next.time
    if (before && next) {
      const share = (slot - before.slot) / (next.slot - before.slot)
      return before.time + share * (next.time - before.time)
    }
    const nearest = before ?? next
    return nearest ? nearest.time + (slot - nearest.slot) * this.#pace() : NaN
  }

  /** Seconds a slot takes; measured once the anchors reach far enough. */
  #pace(): number {
    const [first, last] = [this.#anchors[0], this.#anchors.at(-1)]
    if (!first || !last || last.slot - first.slot < 1000) return SLOT_SECONDS
    const pace = (last.time - first.time) / (last.slot - first.slot)
    return pace > 0.1 && pace < 2 ? pace : SLOT_SECONDS
  }

  /** Index of the first anchor not before `slot`. */
  #place(slot: number): number {
    const place = this.#anchors.findIndex((anchor) => anchor.slot >= slot)
    return place < 0 ? this.#anchors.length : place
  }
}
