/** The chain's clock as seen from here: this machine's clock, shifted to the newest block time that came in. */
export class Clock {
  #offset = 0
  #newest = 0
  /** The same, for display: moves once a second. */
  now = $state(Math.floor(Date.now() / 1000))

  constructor(private readonly machine: () => number = () => Date.now() / 1000) {
    this.now = Math.floor(machine())
  }

  /** Takes the block time of something that has just happened. */
  observe(blockTime: number): void {
    if (!(blockTime > this.#newest)) return
    this.#newest = blockTime
    this.#offset = blockTime - this.machine()
  }

  read(): number {
    return this.machine() + this.#offset
  }

  tick(): void {
    this.now = Math.floor(this.read())
  }
}
