import { formatExact, formatWhole } from './price'

/** Which coins the list is of. Zero or left out: whichever. */
export interface ListFilter {
  /** Least paid for it in the window, in whole units of what each is paid in. */
  volume: number
  /** Least trades in the window. */
  trades: number
  /** Created so many hours ago or less; a coin whose creation is not stored has no age. */
  hours: number
  /** Bounds of the market cap, in whole units of what each is paid in; a coin whose supply is not known has none. */
  capFrom?: number
  capTo?: number
  /** Bounds of how much of the curve is sold, in percent; a coin that does not graduate is on none. */
  soldFrom?: number
  soldTo?: number
}

export const NO_FILTER: ListFilter = { volume: 0, trades: 0, hours: 0 }

/** Amounts have nine decimals at most, and counts no fraction. */
export const isListFilter = (value: unknown): value is ListFilter => {
  const { volume, trades, hours, capFrom = 0, capTo = 0, soldFrom = 0, soldTo = 0 } = (value ?? {}) as ListFilter
  const amounts = [volume, trades, hours, capFrom, capTo, soldFrom, soldTo]
  return amounts.every(isAmount) && Number.isInteger(trades) && hours <= MAX_HOURS && Math.max(soldFrom, soldTo) <= 100
}

/** A hundred years. */
export const MAX_HOURS = 876_000
/** What the server can read of an amount without loss, and more than any volume. */
export const MAX_FILTER = 1e9

const isAmount = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= MAX_FILTER

export const filters = (filter: ListFilter): boolean => Object.values(filter).some((value: number) => value > 0)

/** As the server is asked. */
export function filterQuery(filter: ListFilter): Record<string, string | number> {
  const { volume, trades, hours, capFrom = 0, capTo = 0, soldFrom = 0, soldTo = 0 } = filter
  return {
    ...(volume > 0 && { min_quote_volume: volume.toFixed(9) }),
    ...(trades > 0 && { min_trades: trades }),
    ...(hours > 0 && { max_age: Math.round(hours * 3600) }),
    ...(capFrom > 0 && { min_market_cap: capFrom.toFixed(9) }),
    ...(capTo > 0 && { max_market_cap: capTo.toFixed(9) }),
    ...(soldFrom > 0 && { min_progress: (soldFrom / 100).toFixed(9) }),
    ...(soldTo > 0 && { max_progress: (soldTo / 100).toFixed(9) }),
  }
}

/** In words: from 5 SOL and 10 trades, up to 6 h old. */
export function filterWords({ volume, trades, hours, capFrom, capTo, soldFrom, soldTo }: ListFilter): string {
  const least = [
    volume > 0 ? `${formatExact(volume)} paid` : '',
    trades > 0 ? `${formatWhole(trades)} trades` : '',
  ].filter(Boolean)
  return [
    least.length > 0 ? `from ${least.join(' and ')}` : '',
    hours > 0 ? `up to ${hours} h old` : '',
    bounds('market cap', capFrom, capTo),
    bounds('sold of the curve', soldFrom, soldTo, '%'),
  ]
    .filter(Boolean)
    .join(', ')
}

/** Market cap from 5 to 80. */
function bounds(what: string, from = 0, to = 0, unit = ''): string {
  const ends = [from > 0 ? `from ${formatExact(from)}${unit}` : '', to > 0 ? `up to ${formatExact(to)}${unit}` : '']
  return from > 0 || to > 0 ? [what, ...ends.filter(Boolean)].join(' ') : ''
}
