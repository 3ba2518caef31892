/** What is done again and again while the page is open. */
export class Polling {
  #timers: ReturnType<typeof setInterval>[] = []

  every(milliseconds: number, work: () => unknown): void {
    this.#timers.push(setInterval(() => void work(), milliseconds))
  }

  stop(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer)
  }
}

/**
 * Reads at once and then every so many milliseconds, until what is returned is called: what is still being read is given up
 * then. An effect of a view returns it, so that it reads only while somebody looks.
 */
export function readEvery(milliseconds: number, read: (signal: AbortSignal) => Promise<void>): () => void {
  const reading = new AbortController()
  const look = () => void read(reading.signal)
  look()
  const timer = setInterval(look, milliseconds)

  return () => {
    reading.abort()
    clearInterval(timer)
  }
}
