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
