import { formatAmount } from './price'
import { type Quote, SOL } from './quote'

/** What a price is shown as: that of one token, or of all there are. */
export type Worth = 'price' | 'cap'
/** What it is shown in: what the coin is paid in, or US dollars. */
export type Money = 'quote' | 'usd'

/** How figures are shown. Whatever is kept, sent and drawn stays in the coin's own quote, per token. */
export interface Measure {
  /** A price times this is what is shown of it. */
  price: number
  /** An amount of the quote times this is what is shown of it. */
  paid: number
  /** What both are counted in. */
  unit: string
  /** Prices are shown as market caps. */
  cap: boolean
}

/** Prices as they are. */
export const plain = (unit: string): Measure => ({ price: 1, paid: 1, unit, cap: false })

/**
 * How figures of a coin are shown. What cannot be shown as wanted is shown as it is: a market cap needs the supply, in whole
 * tokens, and dollars the price of SOL, which says nothing of a coin that is paid in something else; NaN for what is not known.
 */
export function measureOf(
  worth: Worth,
  money: Money,
  coin: { quote: Quote; supply: number },
  dollars: number,
): Measure {
  const usd = money === 'usd' && coin.quote.symbol === SOL.symbol && dollars > 0
  const cap = worth === 'cap' && coin.supply > 0
  const paid = usd ? dollars : 1
  return { price: cap ? paid * coin.supply : paid, paid, unit: usd ? 'USD' : coin.quote.symbol, cap }
}

/** An amount of the quote as it is shown, with its unit: 1.24k USD. */
export function measured(value: number, { paid, unit }: Measure): string {
  return Number.isFinite(value) ? `${formatAmount(value * paid)} ${unit}` : '–'
}

/** What figures are shown as, in words; empty for prices in the coin's own quote. */
export function measureText({ cap, unit }: Measure, quote: string): string {
  const money = unit === quote ? '' : unit
  return [cap ? 'market cap' : '', money].filter(Boolean).join(', ')
}
