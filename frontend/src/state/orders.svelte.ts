import { isAbort, type Rest } from '../api/rest'
import type { Order } from '../api/client/index'
import { reason } from './reason'

const SHOWN = 100

/** The open margin orders of the shown mint, read anew while somebody looks. */
export class Orders {
  /** Ascending by the price at which their range starts. */
  shorts = $state.raw<Order[]>([])
  /** Descending by it. */
  longs = $state.raw<Order[]>([])
  totals = $state.raw({ longs: 0, shorts: 0 })
  error = $state('')
  loaded = $state(false)
  #mint = ''

  constructor(private readonly rest: () => Rest) {}

  async read(mint: string, signal?: AbortSignal): Promise<void> {
    if (mint !== this.#mint) {
      this.#mint = mint
      this.shorts = []
      this.longs = []
      this.loaded = false
    }
    if (!mint) return
    try {
      const [up, down] = await Promise.all([
        this.rest().orders(mint, 'up_orders', SHOWN, signal),
        this.rest().orders(mint, 'down_orders', SHOWN, signal),
      ])
      if (mint !== this.#mint) return
      this.shorts = up.orders
      this.longs = down.orders
      this.totals = { shorts: up.total, longs: down.total }
      this.error = ''
      this.loaded = true
    } catch (error) {
      if (!isAbort(error)) this.error = reason(error)
    }
  }
}
