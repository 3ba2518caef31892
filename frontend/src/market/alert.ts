import { SOL } from './quote'
import { addressProblem, isAddress } from './address'
import { exactNumber, formatPrice } from './price'
import { shortAddress } from './token'

export type AlertKind =
  | 'price_above'
  | 'price_below'
  | 'market_cap_above'
  | 'market_cap_below'
  | 'line_above'
  | 'line_below'
  | 'percent_move'
  | 'liquidation'
  | 'new_token'
  | 'volume_spike'
  | 'wallet_trade'
  | 'connection_lost'

export type Direction = 'up' | 'down' | 'both'

/** A price that moves evenly with block time, in Unix seconds; a ray goes on beyond its second point. */
export interface RuleLine {
  from_time?: number
  from_price?: string
  to_time?: number
  to_price?: string
  ray?: boolean
}

/** A rule as the server keeps it; members that the kind has no use for are left out. */
export interface Rule extends RuleLine {
  id: string
  kind: AlertKind
  symbol?: string
  wallet?: string
  price?: string
  market_cap?: string
  direction?: Direction
  percent?: number
  window_seconds?: number
  factor?: number
  min_size?: string
  once?: boolean
  muted?: boolean
  created_at: number
}

/** A rule as a form holds it: what was typed, whatever the kind. */
export interface Draft {
  /** Empty for a new rule. */
  id: string
  kind: AlertKind
  /** Mint, or what was typed in its place; empty for all tokens. */
  symbol: string
  wallet: string
  price: string
  cap: string
  line: RuleLine
  direction: Direction
  percent: string
  window: string
  unit: WindowUnit
  factor: string
  minSize: string
  once: boolean
  muted: boolean
  created: number
}

export type WindowUnit = 's' | 'min' | 'h'
const UNITS: Record<WindowUnit, number> = { s: 1, min: 60, h: 3600 }

/** In the order of the form. */
export const ALERT_KINDS: readonly { value: AlertKind; text: string }[] = [
  { value: 'price_above', text: 'Price rises to' },
  { value: 'price_below', text: 'Price falls to' },
  { value: 'market_cap_above', text: 'Market cap rises to' },
  { value: 'market_cap_below', text: 'Market cap falls to' },
  { value: 'line_above', text: 'Price rises to a line' },
  { value: 'line_below', text: 'Price falls to a line' },
  { value: 'percent_move', text: 'Price moves by' },
  { value: 'volume_spike', text: 'Volume spike' },
  { value: 'liquidation', text: 'Liquidation' },
  { value: 'wallet_trade', text: 'Wallet trades' },
  { value: 'new_token', text: 'New token' },
  { value: 'connection_lost', text: 'Connection lost' },
]

const USES: Record<AlertKind, readonly (keyof Draft)[]> = {
  price_above: ['symbol', 'price'],
  price_below: ['symbol', 'price'],
  market_cap_above: ['symbol', 'cap'],
  market_cap_below: ['symbol', 'cap'],
  line_above: ['symbol', 'line'],
  line_below: ['symbol', 'line'],
  percent_move: ['symbol', 'direction', 'percent', 'window'],
  volume_spike: ['symbol', 'factor', 'window'],
  liquidation: ['symbol', 'minSize'],
  wallet_trade: ['wallet', 'symbol', 'minSize'],
  new_token: [],
  connection_lost: [],
}

/** Whether the kind has a use for this member. */
export function usesOf(kind: AlertKind, member: keyof Draft): boolean {
  return USES[kind].includes(member)
}

/** Whether the kind must be about one token. */
export function needsToken(kind: AlertKind): boolean {
  return kind.endsWith('_above') || kind.endsWith('_below')
}

/** Whether a new rule of this kind is done once it has fired: a price that was reached is no news the next time. */
export function onceOf(kind: AlertKind): boolean {
  return needsToken(kind)
}

/** A new rule about a token at a price; above or below as the price lies to the last one. */
export function newDraft(symbol: string, price: number, last = price): Draft {
  const kind = price < last ? 'price_below' : 'price_above'
  return {
    id: '',
    kind,
    symbol,
    wallet: '',
    price: priceText(price),
    cap: '',
    line: {},
    direction: 'both',
    percent: '5',
    window: '5',
    unit: 'min',
    factor: '3',
    minSize: '',
    once: onceOf(kind),
    muted: false,
    created: 0,
  }
}

/** A price as the form has it; the server takes 28 decimals. Empty when there is none. */
export function priceText(price: number): string {
  if (!(price > 0)) return ''
  const text = exactNumber(price)
  const point = text.indexOf('.')
  return point < 0 ? text : text.slice(0, point + 29)
}

/** A level that was pointed at on a chart: no more digits than a pixel can mean. */
export function pointedPrice(price: number): number {
  return Number(price.toPrecision(5))
}

function lineIn(rule: RuleLine): RuleLine {
  return Object.fromEntries(Object.entries(rule).filter(([name]) => /^(from|to)_|^ray/.test(name)))
}

export function draftOf(rule: Rule): Draft {
  const blank = newDraft(rule.symbol ?? '', NaN)
  const seconds = rule.window_seconds ?? 300
  const unit: WindowUnit = seconds % 3600 === 0 ? 'h' : seconds % 60 === 0 ? 'min' : 's'
  return {
    ...blank,
    id: rule.id,
    kind: rule.kind,
    wallet: rule.wallet ?? '',
    price: rule.price ?? '',
    cap: rule.market_cap ?? '',
    line: lineIn(rule),
    direction: rule.direction ?? 'both',
    percent: rule.percent === undefined ? blank.percent : exactNumber(rule.percent),
    window: String(seconds / UNITS[unit]),
    unit,
    factor: rule.factor === undefined ? blank.factor : exactNumber(rule.factor),
    minSize: rule.min_size ?? '',
    once: rule.once ?? false,
    muted: rule.muted ?? false,
    created: rule.created_at,
  }
}

/** What is wrong with one field of a form. */
export interface Problem {
  /** A member of the rule, such as window_seconds; empty when it is about the whole. */
  field: string
  text: string
}

const DECIMAL = /^\d+(\.\d+)?$/

/** The rule that a form holds, or what is wrong with it. The server looks closer. */
export function toRule(draft: Draft): Rule | Problem {
  const { kind } = draft
  const rule: Rule = { id: draft.id, kind, created_at: draft.created }
  if (draft.once) rule.once = true
  if (draft.muted) rule.muted = true
  const uses = (member: keyof Draft) => usesOf(kind, member)
  if (uses('symbol')) {
    const symbol = draft.symbol.trim()
    const wrong = symbol || needsToken(kind) ? addressProblem(symbol) : ''
    if (wrong) return { field: 'symbol', text: wrong }
    if (symbol) rule.symbol = symbol
  }
  if (uses('wallet')) {
    const wallet = draft.wallet.trim()
    if (!isAddress(wallet)) return { field: 'wallet', text: 'enter the address of a wallet: 32 bytes in base58' }
    rule.wallet = wallet
  }
  if (uses('price')) {
    const price = draft.price.trim()
    if (!DECIMAL.test(price) || Number(price) === 0)
      return { field: 'price', text: 'enter what one token costs as a decimal above 0, such as 0.00000003' }
    rule.price = price
  }
  if (uses('cap')) {
    const cap = draft.cap.trim()
    if (!DECIMAL.test(cap) || Number(cap) === 0)
      return { field: 'market_cap', text: 'enter price × supply as a decimal above 0, such as 250.5' }
    rule.market_cap = cap
  }
  if (uses('line')) Object.assign(rule, draft.line)
  if (uses('direction')) rule.direction = draft.direction
  for (const name of ['percent', 'factor'] as const) {
    if (!uses(name)) continue
    const text = draft[name].trim()
    if (!DECIMAL.test(text) || Number(text) === 0) return { field: name, text: 'enter a number above 0' }
    rule[name] = Number(text)
  }
  if (uses('window')) {
    const text = draft.window.trim()
    const seconds = Number(text) * UNITS[draft.unit]
    if (!DECIMAL.test(text) || !Number.isInteger(seconds) || seconds < 10 || seconds > 86_400)
      return { field: 'window_seconds', text: 'must be 10 seconds to 24 hours' }
    rule.window_seconds = seconds
  }
  const size = draft.minSize.trim()
  if (uses('minSize') && size) {
    if (!DECIMAL.test(size))
      return { field: 'min_size', text: 'enter an amount as a decimal, such as 1.5, or leave it empty' }
    rule.min_size = size
  }
  return rule
}

export function isProblem(value: Rule | Problem): value is Problem {
  return 'field' in value
}

/** "field: why", as the bindings reject; text of another kind is about the whole. */
export function readProblem(text: string): Problem {
  const [, field = '', why = ''] = /^([a-z_]+): (.+)$/s.exec(text) ?? []
  return field ? { field, text: why } : { field: '', text }
}

/** The command line that adds the rule, for a POSIX shell. */
export function commandOf(rule: Rule): string {
  const words = ['spinscope', 'alert', 'add', '--kind', rule.kind]
  const members = [
    'symbol',
    'wallet',
    'price',
    'market_cap',
    'from_time',
    'from_price',
    'to_time',
    'to_price',
    'direction',
    'percent',
    'window_seconds',
    'factor',
    'min_size',
  ] as const
  for (const name of members) {
    const value = rule[name]
    if (value === undefined || (name === 'direction' && value === 'both')) continue
    words.push(
      name === 'window_seconds' ? '--window' : `--${name.replaceAll('_', '-')}`,
      quoted(typeof value === 'number' ? exactNumber(value) : value),
    )
  }
  if (rule.ray) words.push('--ray')
  if (rule.once) words.push('--once')
  return words.join(' ')
}

function quoted(text: string): string {
  return /^[\w.:-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`
}

/** A rule in a few words. */
export function ruleWords(rule: Rule, name: (mint: string) => string, quote = SOL.symbol): string {
  const who = rule.symbol ? name(rule.symbol) : 'Any token'
  const span = rule.window_seconds === undefined ? '' : ` within ${spanWords(rule.window_seconds)}`
  switch (rule.kind) {
    case 'price_above':
      return `${who} rises to ${formatPrice(Number(rule.price), 6)}`
    case 'price_below':
      return `${who} falls to ${formatPrice(Number(rule.price), 6)}`
    case 'market_cap_above':
      return `${who}: market cap rises to ${exactNumber(Number(rule.market_cap))} ${quote}`
    case 'market_cap_below':
      return `${who}: market cap falls to ${exactNumber(Number(rule.market_cap))} ${quote}`
    case 'line_above':
    case 'line_below': {
      const [from, to] = [rule.from_price, rule.to_price].map((price) => formatPrice(Number(price), 6))
      return `${who} ${rule.kind === 'line_above' ? 'rises' : 'falls'} to the line from ${from} to ${to}`
    }
    case 'percent_move': {
      const way = rule.direction === 'up' ? 'up ' : rule.direction === 'down' ? 'down ' : 'up or down '
      return `${who} moves ${way}${rule.percent}%${span}`
    }
    case 'volume_spike':
      return `${who}: ${rule.factor}× the average volume${span}`
    case 'liquidation':
      return `${who}: liquidation${rule.min_size ? ` of ${exactNumber(Number(rule.min_size))} ${quote} or more` : ''}`
    case 'wallet_trade': {
      const size = rule.min_size ? ` for ${exactNumber(Number(rule.min_size))} ${quote} or more` : ''
      return `${shortAddress(rule.wallet ?? '')} trades ${rule.symbol ? who : 'any token'}${size}`
    }
    case 'new_token':
      return 'A new token'
    case 'connection_lost':
      return 'Connection to the cluster lost'
  }
}

function spanWords(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600}h`
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`
}

/** A line to draw at an alert's price. */
export interface AlertLevel {
  id: string
  price: number
  above: boolean
}

/** The prices that rules wait for at this mint: those that fire. */
export function levelsOf(rules: readonly (Rule & { spent?: boolean })[], mint: string): AlertLevel[] {
  const levels: AlertLevel[] = []
  for (const { id, kind, symbol, price, muted, spent } of rules) {
    if (symbol !== mint || muted || spent || (kind !== 'price_above' && kind !== 'price_below')) continue
    const value = Number(price)
    if (value > 0) levels.push({ id, price: value, above: kind === 'price_above' })
  }
  return levels
}
