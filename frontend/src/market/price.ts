import type { Quote } from './quote'

const MINUS = '−'
/** So many zeros after the point are counted, fewer are written out. */
const COUNTED = 4

/**
 * A price for reading, with a fixed count of significant digits so that columns stay aligned. Four or more zeros after
 * the point are counted in brackets: 0.00000002796 is 0.0(7)2796. Everything that shows a price shows it so; the count is
 * as large as the other digits, so that a six is no eight on any screen. From a billion on the unit is a letter, from
 * 10¹⁵ on a power: 1.234B, 1.234e15.
 */
export function formatPrice(value: number, significant = 4): string {
  if (!Number.isFinite(value)) return '–'
  if (value === 0) return '0'
  const sign = value < 0 ? MINUS : ''
  const [mantissa = '', power = '0'] = Math.abs(value)
    .toExponential(significant - 1)
    .split('e')
  const exponent = Number(power)
  if (exponent < 0) return sign + small(-exponent - 1, mantissa.replace('.', ''))
  if (exponent >= POWERS) return `${sign}${mantissa}e${exponent}`
  if (exponent >= BILLIONS) {
    const [unit, suffix] = exponent >= TRILLIONS ? COMPACT[0] : COMPACT[1]
    return sign + (Math.abs(value) / unit).toFixed(Math.max(0, significant - 1 - (exponent % 3))) + suffix
  }
  const decimals = Math.max(0, significant - 1 - exponent)
  return sign + group(Math.abs(value).toFixed(decimals))
}

/** A fraction: so many zeros after the point, then these digits. */
function small(zeros: number, digits: string): string {
  return zeros < COUNTED ? `0.${'0'.repeat(zeros)}${digits}` : `0.0(${zeros})${digits}`
}

/** Zeros after the point before the first digit of a price, in so many significant digits; 0 from 0.1 on. */
export function zerosOf(value: number, significant: number): number {
  const power = Number(value.toExponential(significant - 1).split('e')[1])
  return value > 0 ? Math.max(0, -power - 1) : 0
}

/**
 * A price beside others that begin after so many zeros: the same count for all of them, so that 0.0(6)1020 stands over
 * 0.0(6)0980 and not over 0.0(7)980. `digits` follow the zeros. A larger price keeps fewer zeros.
 */
export function formatPriceAfter(zeros: number, value: number, digits: number): string {
  const own = zerosOf(value, digits)
  if (own <= zeros || !(value > 0)) return formatPrice(value, digits)
  const counted = Math.round(value * 10 ** (zeros + digits))
  return counted === 0 ? '0' : small(zeros, String(counted).padStart(digits, '0'))
}

// Exponents of ten from which figures are written otherwise, as they would leave their column.
const BILLIONS = 9
const TRILLIONS = 12
const POWERS = 15

function group(text: string): string {
  const [whole = '', fraction] = text.split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ' ')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/** Every digit of the number and no exponent: 2.795899e-8 is 0.00000002795899. */
export function exactNumber(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const text = String(value)
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (!match) return text
  const [, sign = '', first = '', rest = '', power = '0'] = match
  const digits = first + rest
  const exponent = Number(power)
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  return `${sign}${digits.padEnd(exponent + 1, '0')}`
}

/** The same for reading, in groups of three before the point: 6 879 691.624347. */
export function formatExact(value: number): string {
  return group(exactNumber(value))
}

/** Significant digits that keep labels `step` apart from each other distinct, between 3 and 9. */
export function digitsFor(value: number, step: number): number {
  if (!(value > 0) || !(step > 0)) return 4
  const digits = Math.floor(Math.log10(value)) - Math.floor(Math.log10(step)) + 1
  return Math.min(9, Math.max(3, digits))
}

const COMPACT = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const

/** An amount in three significant digits: 950, 1.24k, 33.1M, 1.2e15. Tiny amounts read as prices do. */
export function formatAmount(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  const sign = value < 0 ? MINUS : ''
  if (size === 0) return '0'
  if (size < 0.001 || size >= 10 ** POWERS * 0.9995) return formatPrice(value, 2)
  for (const [unit, suffix] of COMPACT) {
    if (size >= unit * 0.9995) return `${sign}${threeDigits(size / unit)}${suffix}`
  }
  return sign + (size < 1 ? size.toFixed(3) : threeDigits(size))
}

/** Base units of what a coin is paid in, in three significant digits: 1.24k USDC. */
export function formatPaid(units: string | number | null, { symbol, decimals }: Quote): string {
  const text = formatAmount(units === null ? NaN : Number(units) / 10 ** decimals)
  return text === '–' ? text : `${text} ${symbol}`
}

/** A whole number with all its digits, in groups of three. */
export function formatWhole(value: number): string {
  return group(String(value))
}

/** The size of a file: 12 KB, 3.4 MB, 1.2 GB. */
export function formatBytes(bytes: number): string {
  if (bytes < 1 << 20) return `${Math.ceil(bytes / 1024)} KB`
  return bytes < 1 << 30 ? `${(bytes / (1 << 20)).toFixed(1)} MB` : `${(bytes / (1 << 30)).toFixed(1)} GB`
}

/** A count: whole below 10,000, then as amounts are. */
export function formatCount(value: number): string {
  return value < 10_000 ? group(String(Math.round(value))) : formatAmount(value)
}

function threeDigits(value: number): string {
  if (value >= 99.95) return value.toFixed(0)
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2)
}

/** A change in percent with its sign: +3.21%, −1.05%, +1 203%. From a million percent on it reads as amounts do. */
export function formatPercent(fraction: number): string {
  if (!Number.isFinite(fraction)) return '–'
  const percent = Math.abs(fraction * 100)
  const whole = percent >= 999_999.5 ? formatAmount(percent) : group(percent.toFixed(0))
  const text = percent >= 99.95 ? whole : percent.toFixed(2)
  const zero = Number(text) === 0
  return `${zero ? '' : fraction < 0 ? MINUS : '+'}${text}%`
}

/** -1, 0 or 1 as the change reads after rounding, so that a shown 0.00% is neither up nor down. */
export function direction(fraction: number): -1 | 0 | 1 {
  if (!Number.isFinite(fraction) || Math.abs(fraction) < 0.00005) return 0
  return fraction > 0 ? 1 : -1
}
