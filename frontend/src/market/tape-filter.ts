import type { Trade } from './trade'

export const TAPE_KINDS = ['all', 'buys', 'sells', 'margin', 'liquidations'] as const
export type TapeKind = (typeof TAPE_KINDS)[number]

/** Which trades are listed. */
export interface TapeFilter {
  kind: TapeKind
  /** Those of at least so many whole units of the quote; 0 for all. */
  least: number
  /** Those of accounts whose address has this in it; empty for all. */
  account: string
}

export const EVERYTHING: TapeFilter = { kind: 'all', least: 0, account: '' }

const MARGIN: readonly string[] = ['long', 'short', 'close long', 'close short', 'liq']

/** Whether the filter leaves anything out. */
export function narrows({ kind, least, account }: TapeFilter): boolean {
  return kind !== 'all' || least > 0 || account !== ''
}

/** Whether a trade is listed. What has no size, such as a liquidation of an unknown order, is below any. */
export function passes(trade: Trade, { kind, least, account }: TapeFilter): boolean {
  if (least > 0 && !(trade.paid >= least)) return false
  if (account && ![trade.account, trade.payer].some((one) => one.includes(account))) return false
  switch (kind) {
    case 'buys':
      return trade.side === 'buy'
    case 'sells':
      return trade.side === 'sell'
    case 'margin':
      return MARGIN.includes(trade.kind)
    case 'liquidations':
      return trade.kind === 'liq'
    default:
      return true
  }
}
