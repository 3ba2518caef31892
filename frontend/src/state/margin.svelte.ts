import { isAbort, type Rest } from '../api/rest'
import type { EventData, Order, StreamGap } from '../api/client/index'
import { OpenPositions, type MarginEvent, MAX_POSITIONS, type Position, toPosition } from '../market/margin'
import { onFrame } from './frame'

/** Events kept that come in while the orders are being read. */
const MAX_WAITING = 1000

/** Open margin orders of the shown mint; read only while the chart shows them. */
export class Margin {
  positions = $state.raw<readonly Position[]>([])
  #mint = ''
  #wanted = false
  /** Whose orders `#positions` holds. */
  #shown = ''
  #reading: AbortController | undefined
  #positions = new OpenPositions()
  /** Events that came in while the lists were being read. */
  #waiting: MarginEvent[] | null = null
  #frame = onFrame(() => this.#flush())

  constructor(private readonly rest: () => Rest) {}

  /** Says whether anything of this layer is on screen. */
  want(wanted: boolean): void {
    if (wanted === this.#wanted) return
    this.#wanted = wanted
    void this.reload()
  }

  open(mint: string): void {
    if (mint === this.#mint) return
    this.#mint = mint
    void this.reload()
  }

  /**
   * Reads the open orders anew, for what events could not tell, such as orders beyond the bound; also the cure for what a
   * cut connection may have kept away.
   */
  async reload(): Promise<void> {
    this.#reading?.abort()
    this.#waiting = null
    if (!this.#mint || !this.#wanted) {
      this.#shown = ''
      this.#use(new OpenPositions())
      return
    }
    const reading = new AbortController()
    this.#reading = reading
    const { signal } = reading
    const mint = this.#mint
    if (this.#shown !== mint) this.#use(new OpenPositions())
    const waiting: MarginEvent[] = []
    this.#waiting = waiting
    try {
      const half = MAX_POSITIONS / 2
      const [up, down] = await Promise.all([
        this.rest().orders(mint, 'up_orders', half, signal),
        this.rest().orders(mint, 'down_orders', half, signal),
      ])
      if (signal.aborted) return
      const positions = new OpenPositions([...up.orders, ...down.orders].map(ofOrder))
      for (const event of waiting) positions.take(event)
      this.#shown = mint
      this.#use(positions)
    } catch (error) {
      // What was known before stands until the next look; the tape tells of a server that is away.
      if (!isAbort(error) && !signal.aborted) for (const event of waiting) this.#take(event)
    } finally {
      if (this.#waiting === waiting) this.#waiting = null
    }
  }

  onEvent(data: EventData): void {
    if (data.symbol !== this.#mint || !this.#wanted) return
    const event = data.event_data as MarginEvent
    if (this.#waiting && this.#waiting.length < MAX_WAITING) this.#waiting.push(event)
    else this.#take(event)
  }

  onGap(notice: StreamGap): void {
    if (notice.topic === `events:${this.#mint}`) void this.reload()
  }

  #take(event: MarginEvent): void {
    if (this.#positions.take(event)) this.#frame.request()
  }

  #use(positions: OpenPositions): void {
    this.#positions = positions
    this.#frame.request()
  }

  #flush(): void {
    this.positions = [...this.#positions.open.values()]
  }
}

function ofOrder(order: Order): Position | null {
  return toPosition(order, 10 ** -order.price_decimals)
}
