import { isAbort, type Rest } from '../api/rest'
import type { CoinTraders, Wallet } from '../api/client/index'
import { reason } from './reason'

/** Positions of a wallet that are listed, and traders of a coin. */
const SHOWN = 50

export type TraderSort = 'realised_desc' | 'volume_desc' | 'held_desc'

/** What wallets hold, and who traded a coin, as the server says it while somebody looks. */
export class Positions {
  /** By the wallet's address. */
  answers = $state.raw<Readonly<Record<string, Wallet>>>({})
  traders = $state.raw<CoinTraders | null>(null)
  error = $state('')
  tradersError = $state('')

  constructor(private readonly rest: () => Rest) {}

  /** Reads what the wallets hold. */
  async read(addresses: readonly string[], signal?: AbortSignal): Promise<void> {
    try {
      const found = await Promise.all(addresses.map((address) => this.rest().wallet(address, SHOWN, signal)))
      this.answers = Object.fromEntries(found.map((answer) => [answer.address, answer]))
      this.error = ''
    } catch (error) {
      if (!isAbort(error)) this.error = reason(error)
    }
  }

  /** Reads who traded a coin. */
  async readTraders(mint: string, sort: TraderSort, signal?: AbortSignal): Promise<void> {
    if (this.traders && this.traders.mint_account !== mint) this.traders = null
    if (!mint) return
    try {
      const found = await this.rest().traders(mint, sort, SHOWN, signal)
      if (signal?.aborted) return
      this.traders = found
      this.tradersError = ''
    } catch (error) {
      if (!isAbort(error)) this.tradersError = reason(error)
    }
  }
}
