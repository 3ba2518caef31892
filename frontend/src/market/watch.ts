import { slotsText } from './gap'
import { formatWhole } from './price'

/** What is shown of a coin that is followed by its own addresses. */
export interface WatchedFacts {
  state: 'unknown' | 'reading' | 'live' | 'refused'
  /** Transactions of its history that were read. */
  done: number
  /** Of so many; 0 while that is not known. */
  total: number
  /** Why it is refused, or not yet known. */
  message: string
}

interface Missing {
  from_slot: number
  to_slot: number
  cause: string
  state: string
}

/** Why no coin can be watched in the demo market. */
export const DEMO_WATCHES_NONE = 'The demo market does not follow coins by address.'

/** How far the following of a coin is, as a sentence without a full stop. */
export function watchText({ state, done, total, message }: WatchedFacts): string {
  switch (state) {
    case 'live':
      return 'Live'
    case 'refused':
      return `Not followed: ${message || 'no reason was given'}`
    case 'unknown':
      return message ? `Still asking what this address is: ${message}` : 'Asking what this address is'
    case 'reading':
      if (total > 0) return `Reading history: ${formatWhole(done)} of ${formatWhole(total)} transactions`
      return done > 0 ? `Reading history: ${formatWhole(done)} transactions` : 'Reading history: counting transactions'
  }
}

/** How much of its history was read, from 0 to 1; undefined while that cannot be said. */
export function watchProgress({ state, done, total }: WatchedFacts): number | undefined {
  return state === 'reading' && total > 0 ? Math.min(1, done / total) : undefined
}

/** What is missing of a coin, and why; empty when nothing is. */
export function missingText(gaps: readonly Missing[]): string {
  const [first] = gaps
  if (!first) return ''
  const one = `${slotsText(first.from_slot, first.to_slot)}, ${first.cause}${first.state === 'unfillable' ? ', cannot be filled' : ''}`
  return gaps.length === 1 ? `Missing: ${one}` : `Missing: ${gaps.length} gaps, the first: ${one}`
}
