import { isWallet, type Wallet, walletProblem } from '../market/wallet'
import type { Prefs } from './prefs.svelte'

/** The wallets that the person follows. What the server says of them is read by whoever shows it. */
export class Wallets {
  constructor(private readonly prefs: Prefs) {}

  get list(): readonly Wallet[] {
    return this.prefs.values.wallets
  }

  /** Adds a wallet; returns why it cannot be. */
  add(wallet: Wallet): string {
    const problem = walletProblem(wallet.address, this.list)
    if (!problem && isWallet(wallet)) this.prefs.set('wallets', [...this.list, wallet])
    return problem
  }

  change(address: string, to: Partial<Omit<Wallet, 'address'>>): void {
    this.prefs.set(
      'wallets',
      this.list.map((one) => (one.address === address ? { ...one, ...to } : one)),
    )
  }

  remove(address: string): void {
    this.prefs.set(
      'wallets',
      this.list.filter((one) => one.address !== address),
    )
  }
}
