import type { USD } from '../api/client/index'
import type { Rest } from '../api/rest'

/** How often the price is asked for while somebody looks, in milliseconds. */
const ASK_MS = 15_000
/** The age from which a price is not used, in seconds; as the server has it. */
const STALE = 300

/** What SOL costs in US dollars; asked for only while figures are shown in them, and the page can be seen. */
export class Dollars {
  /** As told last. */
  told = $state.raw<USD | null>(null)
  /** Seconds since the price was published; NaN while there is none. */
  age = $state(NaN)
  /** US dollars for one SOL; NaN while that is not known, or too old. */
  rate: number = $derived(this.told?.price && this.age <= STALE ? this.told.price : NaN)
  #read = 0
  #asked = -Infinity

  constructor(
    private readonly rest: () => Rest,
    private readonly wanted: () => boolean,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Is called every second. */
  tick(): void {
    if (!this.wanted() || document.hidden) return
    this.#grow()
    if (this.now() - this.#asked < ASK_MS) return
    this.#asked = this.now()
    void this.#ask()
  }

  /** Looks at once: dollars were chosen, or the server is another. */
  look(): void {
    this.#asked = -Infinity
    this.tick()
  }

  async #ask(): Promise<void> {
    try {
      this.told = await this.rest().usd()
      this.#read = this.now()
    } catch {
      // What is known grows old.
    }
    this.#grow()
  }

  #grow(): void {
    const { told } = this
    this.age = told?.age == null ? NaN : told.age + Math.floor((this.now() - this.#read) / 1000)
  }
}
