import { isAbort, type Rest } from '../api/rest'
import type { LiquidationSide } from '../api/client/index'
import { reason } from './reason'

/** Of each side. */
const SHOWN = 200

/** The open margin orders of the shown mint, read anew while somebody looks. */
export class Orders {
  /** Those that a rising price meets, the nearest first; null while not known. */
  shorts = $state.raw<LiquidationSide | null>(null)
  /** Those that a falling price meets. */
  longs = $state.raw<LiquidationSide | null>(null)
  error = $state('')
  #mint = ''

  constructor(private readonly rest: () => Rest) {}

  async read(mint: string, signal?: AbortSignal): Promise<void> {
    if (mint !== this.#mint) {
      this.#mint = mint
      this.shorts = null
      this.longs = null
    }
    if (!mint) return
    try {
      const { up, down } = await this.rest().liquidations(mint, SHOWN, signal)
      if (mint !== this.#mint) return
      this.shorts = up
      this.longs = down
      this.error = ''
    } catch (error) {
      if (!isAbort(error)) this.error = reason(error)
    }
  }
}
