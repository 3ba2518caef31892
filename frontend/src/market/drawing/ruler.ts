import { formatPercent } from '../price'
import type { Anchor } from './drawing'

const UNITS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'm'],
  [1, 's'],
] as const

/** A length of time in its two largest units: 42s, 7m, 3h 20m, 2d 4h. */
export function lengthText(seconds: number): string {
  const whole = Math.round(Math.abs(seconds))
  const first = UNITS.findIndex(([unit]) => whole >= unit)
  if (first < 0) return '0s'
  const [unit, name] = UNITS[first] ?? [1, 's']
  const [next, nextName] = UNITS[first + 1] ?? [Infinity, '']
  const rest = Math.floor((whole % unit) / next)
  return `${Math.floor(whole / unit)}${name}${rest > 0 ? ` ${rest}${nextName}` : ''}`
}

/** What lies between two places: +3.2% · 12 bars · 12m. */
export function rulerText(from: Anchor, to: Anchor, bars: number): string {
  const change = formatPercent(to.price / from.price - 1)
  const count = Math.abs(bars)
  return `${change} · ${count} ${count === 1 ? 'bar' : 'bars'} · ${lengthText(to.time - from.time)}`
}
