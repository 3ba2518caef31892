/** What a coin is paid in. */
export interface Quote {
  symbol: string
  decimals: number
}

/** What coins are paid in unless something else is said. */
export const SOL: Quote = { symbol: 'SOL', decimals: 9 }

/** Those that everybody knows, by mint. */
const KNOWN: Record<string, Quote> = {
  So11111111111111111111111111111111111111112: SOL,
  EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v: { symbol: 'USDC', decimals: 6 },
  Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB: { symbol: 'USDT', decimals: 6 },
  USD1ttGY1N17NEEHLmELoaybftRBUSErhqYiQzvEmuB: { symbol: 'USD1', decimals: 6 },
}

/** The decimals of a mint that a trade was paid in; another coin has as many as coins of pump have. */
export const quoteDecimals = (mint: string): number => KNOWN[mint]?.decimals ?? 6

/** What a ticker or a detail says that a coin is paid in; neither says it of SOL on the first program. */
export function quoteOf(told: { quote_symbol?: string; quote_decimals?: number } | null | undefined): Quote | null {
  if (!told) return null
  return told.quote_symbol === undefined ? SOL : { symbol: told.quote_symbol, decimals: told.quote_decimals ?? 9 }
}
