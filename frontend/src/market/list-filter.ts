import { formatExact, formatWhole } from './price'

/** Which coins the list is of. Zero: whichever. */
export interface ListFilter {
  /** Least paid for it in the window, in whole units of what each is paid in. */
  volume: number
  /** Least trades in the window. */
  trades: number
  /** Created so many hours ago or less; a coin whose creation is not stored has no age. */
  hours: number
}

export const NO_FILTER: ListFilter = { volume: 0, trades: 0, hours: 0 }

/** Amounts have nine decimals at most, and counts no fraction. */
export const isListFilter = (value: unknown): value is ListFilter => {
  const { volume, trades, hours } = (value ?? {}) as Partial<ListFilter>
  return isAmount(volume) && isAmount(trades) && Number.isInteger(trades) && isAmount(hours) && hours <= MAX_HOURS
}

/** A hundred years. */
export const MAX_HOURS = 876_000
/** What the server can read of an amount without loss, and more than any volume. */
export const MAX_FILTER = 1e9

const isAmount = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= MAX_FILTER

export const filters = ({ volume, trades, hours }: ListFilter): boolean => volume > 0 || trades > 0 || hours > 0

/** As the server is asked. */
export function filterQuery({ volume, trades, hours }: ListFilter): Record<string, string | number> {
  return {
    ...(volume > 0 && { min_quote_volume: volume.toFixed(9) }),
    ...(trades > 0 && { min_trades: trades }),
    ...(hours > 0 && { max_age: Math.round(hours * 3600) }),
  }
}

/** In words: from 5 SOL and 10 trades, up to 6 h old. */
export function filterWords({ volume, trades, hours }: ListFilter): string {
  const least = [
    volume > 0 ? `${formatExact(volume)} paid` : '',
    trades > 0 ? `${formatWhole(trades)} trades` : '',
  ].filter(Boolean)
  return [least.length > 0 ? `from ${least.join(' and ')}` : '', hours > 0 ? `up to ${hours} h old` : '']
    .filter(Boolean)
    .join(', ')
}
