import type { Quote } from './quote'

/** What the list can be sorted by, and what the server calls it. */
const ORDERS = {
  last: 'last_trade',
  age: 'created',
  volume: 'quote_volume',
  trades: 'trades',
  cap: 'market_cap',
  curve: 'progress',
  price: 'price',
  change: 'change',
} as const

export type Column = keyof typeof ORDERS
/** An order as the server has it: market_cap_desc. */
export type ListSort = `${(typeof ORDERS)[Column]}_${'asc' | 'desc'}`

const SORTS = Object.values(ORDERS).flatMap((name) => [`${name}_desc`, `${name}_asc`])

/** Empty: the order of the tab. */
export const isListSort = (value: unknown): value is ListSort | '' => value === '' || SORTS.includes(value as string)

/** The order by a column, its highest first; pressed again, the other way round, and then the tab's again. */
export function nextSort(column: Column, now: ListSort | ''): ListSort | '' {
  const name = ORDERS[column]
  return now === `${name}_desc` ? `${name}_asc` : now === `${name}_asc` ? '' : `${name}_desc`
}

/** Which way a column stands. How long ago something was is shown, so that the latest first is ascending. */
export function sortedBy(column: Column, sort: ListSort | ''): 'ascending' | 'descending' | undefined {
  if (sort !== `${ORDERS[column]}_asc` && sort !== `${ORDERS[column]}_desc`) return undefined
  const since = column === 'last' || column === 'age'
  return sort.endsWith('_asc') === since ? 'descending' : 'ascending'
}

/** What a coin is sorted by; NaN or 0 for a time, where it is not known. */
export interface Sorted {
  lastTrade: number
  created: number
  volume: number
  trades: number
  marketCap: number
  sold: number
  price: number
  quote: Quote
}

/** Sorts coins that are all known here as the server does: those paid in the same thing together, what is not known last. */
export function sortCoins<T extends Sorted>(coins: readonly T[], sort: ListSort, change: (coin: T) => number): T[] {
  const figures: Record<Column, (coin: T) => number> = {
    last: (coin) => coin.lastTrade || NaN,
    age: (coin) => coin.created || NaN,
    volume: (coin) => coin.volume,
    trades: (coin) => coin.trades,
    cap: (coin) => coin.marketCap,
    curve: (coin) => coin.sold,
    price: (coin) => coin.price,
    change,
  }
  const column = (Object.keys(ORDERS) as Column[]).find((one) => sort.startsWith(`${ORDERS[one]}_`)) ?? 'last'
  const way = sort.endsWith('_asc') ? 1 : -1
  const apart = column === 'volume' || column === 'cap' || column === 'price'
  return [...coins].sort((x, y) => {
    const [a, b] = [figures[column](x), figures[column](y)]
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
    if (apart && x.quote.symbol !== y.quote.symbol)
      return (
        Number(y.quote.symbol === 'SOL') - Number(x.quote.symbol === 'SOL') ||
        (x.quote.symbol < y.quote.symbol ? -1 : 1)
      )
    return way * (a - b) || y.lastTrade - x.lastTrade
  })
}
