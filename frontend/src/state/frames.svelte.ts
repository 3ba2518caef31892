import { FrameTap, type WireFrame } from '../api/frames'
import type { Endpoint } from '../api/rest'
import { onFrame } from './frame'

export interface ShownFrame {
  id: number
  /** Milliseconds of this machine. */
  at: number
  sent: boolean
  /** As on the wire, cut off when it is very long. */
  text: string
  /** Characters on the wire. */
  length: number
}

const KEPT = 200
const LONGEST = 4000

/** The newest frames of a connection such as a script would have; it stands only while somebody looks. */
export class Frames {
  list = $state.raw<readonly ShownFrame[]>([])
  /** All since the start, also those that fell out. */
  count = $state(0)
  open = $state(false)
  paused = $state(false)
  #tap: FrameTap | undefined
  #waiting: ShownFrame[] = []
  #next = 0
  #frame = onFrame(() => this.#flush())

  constructor(private readonly machine: () => number = Date.now) {}

  start(endpoint: Endpoint, symbol: string, interval: string): void {
    this.stop()
    this.clear()
    if (!symbol) return
    const tap = new FrameTap(
      endpoint,
      { symbol, interval },
      (frame) => this.take(frame),
      (open) => (this.open = open),
    )
    this.#tap = tap
    tap.open()
  }

  stop(): void {
    this.#tap?.close()
    this.#tap = undefined
    this.open = false
  }

  clear(): void {
    this.list = []
    this.#waiting = []
    this.#next = 0
    this.count = 0
  }

  take({ sent, text }: WireFrame): void {
    const { length } = text
    this.#waiting.push({ id: this.#next++, at: this.machine(), sent, text: text.slice(0, LONGEST), length })
    if (this.#waiting.length > KEPT) this.#waiting.shift()
    this.#frame.request()
  }

  #flush(): void {
    this.count = this.#next
    if (!this.paused) this.list = [...this.list, ...this.#waiting].slice(-KEPT)
    this.#waiting = []
  }
}
