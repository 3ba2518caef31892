import { isAddress } from './address'
import { shortAddress } from './token'

/** A wallet that the person follows: its address and nothing else, and what it is called here. */
export interface Wallet {
  address: string
  label: string
  /** One of the person's own: its trades and orders are drawn on the chart. */
  mine: boolean
}

/** Followed at most. */
export const MAX_WALLETS = 20
/** Characters of a label. */
export const MAX_LABEL = 24

export const isWallet = (value: unknown): value is Wallet => {
  const { address, label, mine } = (value ?? {}) as Partial<Wallet>
  return (
    typeof address === 'string' &&
    isAddress(address) &&
    typeof label === 'string' &&
    label.length <= MAX_LABEL &&
    typeof mine === 'boolean'
  )
}

/** Why a wallet cannot be added; empty when it can. */
export function walletProblem(address: string, known: readonly Wallet[]): string {
  if (!isAddress(address)) return 'An address has 32 bytes in base58. Never enter a key or a seed phrase.'
  if (known.some((one) => one.address === address)) return 'This wallet is in the list already.'
  return known.length >= MAX_WALLETS ? `No more than ${MAX_WALLETS} wallets are followed.` : ''
}

/** What an account is called: its label here, else the ends of its address. */
export function nameOf(address: string, known: readonly Wallet[], letters?: number): string {
  return known.find((one) => one.address === address)?.label || shortAddress(address, letters)
}

/** What one of the person's wallets did in one candle: bought or sold, margin orders too. */
export interface OwnMark {
  /** The candle's, Unix seconds. */
  time: number
  side: 'buy' | 'sell'
}

/** A line across the chart: what is held cost on average, or where an order is liquidated. */
export interface OwnLevel {
  id: string
  price: number
  kind: 'entry' | 'liquidation'
  title: string
}
