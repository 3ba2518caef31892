/** The closed candles of one mint and interval that were seen to change. */
export interface CorrectionLog {
  has(time: number): boolean
  add(time: number): void
}

const TOPICS = 200
const TIMES = 500

/**
 * Remembers corrections for as long as the page lives: history tells how a candle is, not that it was once otherwise.
 * Bounded; what was seen longest ago is forgotten first.
 */
export class Corrections {
  #topics = new Map<string, Set<number>>()

  of(mint: string, interval: string): CorrectionLog {
    const name = `${mint} ${interval}`
    return {
      has: (time) => this.#topics.get(name)?.has(time) ?? false,
      add: (time) => {
        const times = this.#topics.get(name) ?? new Set()
        // Last in the map is seen last.
        this.#topics.delete(name)
        this.#topics.set(name, times)
        times.delete(time)
        times.add(time)
        drop(times, TIMES)
        drop(this.#topics, TOPICS)
      },
    }
  }
}

function drop<T>(entries: { size: number; keys(): Iterator<T>; delete(key: T): boolean }, most: number): void {
  const first = entries.keys().next()
  if (entries.size > most && !first.done) entries.delete(first.value)
}
