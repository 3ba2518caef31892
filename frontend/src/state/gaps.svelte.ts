import type { Rest } from '../api/rest'
import type { Gap } from '../api/client/index'
import { type GapMark, isLiveOnly, type SlotClock } from '../market/gap'

/** Marks kept at most, the newest. */
const MAX_KEPT = 500

/** The known gaps in the history of the shown mint. */
export class Gaps {
  marks = $state.raw<GapMark[]>([])
  #mint = ''

  constructor(
    private readonly rest: () => Rest,
    private readonly clock: SlotClock,
  ) {}

  async read(mint: string): Promise<void> {
    if (mint !== this.#mint) this.marks = []
    this.#mint = mint
    if (!mint) return
    try {
      const answer = await this.rest().gaps(mint)
      if (mint === this.#mint) this.marks = this.#marks(answer.gaps, mint)
    } catch {
      // The next look comes soon, and the status bar has the count.
    }
  }

  #marks(gaps: readonly Gap[], mint: string): GapMark[] {
    return gaps
      .filter((gap) => gap.state !== 'filled' && (!gap.mint || gap.mint === mint))
      .sort((a, b) => b.to_slot - a.to_slot)
      .slice(0, MAX_KEPT)
      .map((gap) => ({
        fromSlot: gap.from_slot,
        toSlot: gap.to_slot,
        from: gap.from_slot > 0 ? this.clock.time(gap.from_slot) : -Infinity,
        to: this.clock.time(gap.to_slot),
        cause: gap.cause,
        state: gap.state === 'open' ? 'open' : 'lost',
        live: isLiveOnly(gap.cause),
      }))
  }
}
