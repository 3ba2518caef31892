/** Slots between two measurements: the server hears of a new slot every one or two seconds, so fewer would be guesswork. */
const STRETCH = 64
const STRETCHES = 5
const [SHORTEST_MS, LONGEST_MS] = [50, 2000]
/** That of Solana's main chain. */
const USUAL_MS = 400

/**
 * How long a slot takes on this chain, by the newest slot that the server tells whenever it is asked. The median of the
 * last stretches counts, so that a chain that stood still for a while is not taken for a slow one.
 */
export class SlotPace {
  /** The usual one until it was measured. */
  ms = USUAL_MS
  #stretches: number[] = []
  #store: string | undefined
  #from: { at: number; slot: number } | undefined

  /** Takes a slot, which was the newest of the store's chain at a time in milliseconds. */
  take(store: string | undefined, slot: number, at: number): void {
    if (slot === 0) return // not known yet
    if (store !== this.#store || !this.#from || slot < this.#from.slot) {
      this.#store = store
      this.#from = { at, slot }
      this.#stretches = []
      this.ms = USUAL_MS
      return
    }
    const slots = slot - this.#from.slot
    if (slots < STRETCH) return

    this.#stretches = [...this.#stretches, (at - this.#from.at) / slots].slice(-STRETCHES)
    this.#from = { at, slot }
    const sorted = [...this.#stretches].sort((a, b) => a - b)
    const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? this.ms
    this.ms = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, median))
  }
}
