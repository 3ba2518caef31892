/** What the token list knows of a token without asking again. */
export interface TokenFacts {
  mint: string
  name: string
  symbol: string
  /** Unix seconds; 0 when unknown. */
  created: number
}

export const LIST_TABS = ['top', 'active', 'gainers', 'losers', 'new', 'favourites'] as const
export type ListTab = (typeof LIST_TABS)[number]

/** 9xQe…1mPz */
export function shortAddress(address: string, edge = 4): string {
  return address.length <= 2 * edge + 1 ? address : `${address.slice(0, edge)}…${address.slice(-edge)}`
}

// Names come from strangers: direction overrides and other invisible characters could make one look like another. Fillers
// and blanks, such as U+3164 and U+2800, are letters and symbols by category; variation selectors choose how others look.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\u2800]|(?![\ufe0e\ufe0f])\p{Default_Ignorable_Code_Point}/gu
// Marks sit on the letter before them, which would be none of the name's.
const LEADING_MARKS = /^[\s\p{M}]+/u

/** A token's name or symbol, safe and short enough to show; the fallback when nothing is left. */
export function cleanName(text: string, fallback: string, limit = 40): string {
  const line = text.replace(/\s/g, ' ').replace(INVISIBLE, '') // line ends are invisible too, but part words
  const clean = line.replace(/ +/g, ' ').replace(LEADING_MARKS, '').trim()
  const glyphs = [...clean]
  return glyphs.length === 0 ? fallback : glyphs.length > limit ? `${glyphs.slice(0, limit - 1).join('')}…` : clean
}

/** Whether every word of the query stands in the symbol, the name or the address. */
export function matches(token: TokenFacts, query: string): boolean {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return true
  const hay = `${token.symbol} ${token.name}`.toLowerCase()
  return words.every((word) => hay.includes(word) || token.mint.toLowerCase().includes(word))
}

/**
 * The tokens that match, at most `most` of them, and how many there are: those of exactly this symbol or address first,
 * then those whose symbol begins with the query, then the others; within each as ranked.
 */
export function findTokens<T extends TokenFacts>(
  tokens: readonly T[],
  query: string,
  rank: ReadonlyMap<string, number>,
  most: number,
): { hits: T[]; total: number } {
  const wanted = query.trim().toLowerCase()
  const nearness = (token: TokenFacts) => {
    const symbol = token.symbol.toLowerCase()
    return symbol === wanted || token.mint.toLowerCase() === wanted ? 0 : wanted && symbol.startsWith(wanted) ? 1 : 2
  }
  const groups: T[][] = [[], [], []]
  const found = tokens.filter((token) => matches(token, query))
  for (const token of found) groups[nearness(token)]?.push(token)
  const hits = groups.flatMap((group) => byRank(group, rank)).slice(0, most)
  return { hits, total: found.length }
}

/** Orders tokens by the server's ranking where it has one, else newest first. */
export function byRank<T extends TokenFacts>(tokens: readonly T[], rank: ReadonlyMap<string, number>): T[] {
  return [...tokens].sort((a, b) => {
    const [left, right] = [rank.get(a.mint) ?? Infinity, rank.get(b.mint) ?? Infinity]
    if (left !== right) return left - right
    return b.created - a.created || (a.mint < b.mint ? -1 : 1)
  })
}

/** How far back the list's change reaches. */
export const CHANGE_SPANS = ['m5', 'h1', 'h24'] as const
export type ChangeSpan = (typeof CHANGE_SPANS)[number]

/** What the list tells of a token beside its price and change. */
export const FIGURES = ['last', 'age', 'volume', 'trades', 'cap', 'curve'] as const
export type Figure = (typeof FIGURES)[number]

/** What moved over a window: the fraction, and from when it counts, Unix seconds. */
export interface Move {
  fraction: number
  since: number
}

/** How far a price is from where a window began; null when either is not known. */
export function moveFrom(span: { open: number; since: number } | null, price: number): Move | null {
  if (!span || !(span.open > 0) || !(price > 0)) return null
  return { fraction: price / span.open - 1, since: span.since }
}

/** What a web address from a stranger may be offered as: only http and https, without a password in it; else null. */
export function webLink(text: string | null | undefined): string | null {
  try {
    const url = new URL((text ?? '').trim())
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return null
    if (!url.hostname || url.username || url.password) return null
    return url.href
  } catch {
    return null
  }
}

/** What stands for a token that has no picture. */
export function initial(symbol: string): string {
  return [...cleanName(symbol, '?')][0]?.toUpperCase() ?? '?'
}
