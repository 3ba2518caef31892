import { quoteDecimals } from './quote'

/** A whole number of the chain's smallest units: above 2^53 it comes as a string. */
type Amount = number | string

interface Head {
  signature: string
  slot: number
  ordinal: number
  /** Block time, ISO-8601. */
  timestamp: string
  price_exact?: string
  provisional?: boolean
  payer?: string
}

/** A trade of a coin on pump or PumpSwap. */
interface CoinTrade {
  event_type: 'Trade' | 'PostCompleteBuy' | 'Buy' | 'Sell'
  user: string
  is_buy: boolean
  token_amount: Amount
  quote_amount: Amount
  /** The mint that it was paid in. */
  quote_mint: string
}

interface Close {
  is_close_long: boolean
  final_token_amount: Amount
  final_sol_amount: Amount
}

/** The order that a liquidation ended, as it stood. Not there when it was opened before the stored history. */
interface Ended {
  user: string
  /** 1 long, 2 short */
  order_type: number
  lock_lp_start_price: string
  lock_lp_end_price: string
  price_decimals: number
  borrow_amount: Amount
  position_asset_amount: Amount
}

/** The parts of the wire's events that a line of the tape is made from. */
export type TapeEvent = Head &
  (
    | { event_type: 'BuySell'; is_buy: boolean; token_amount: Amount; sol_amount: Amount }
    | {
        event_type: 'LongShort'
        user: string
        order_type: number
        borrow_amount: Amount
        position_asset_amount: Amount
      }
    | ({ event_type: 'FullClose' } & Close)
    | ({ event_type: 'PartialClose'; user: string } & Close)
    | ({ event_type: 'ForceLiquidate' } & Partial<Ended>)
    | { event_type: 'MilestoneDiscount' }
    | { event_type: 'TokenCreated' }
    | CoinTrade
    | { event_type: 'Create' | 'Graduated' | 'CompletePumpAmmMigration'; user: string }
  )

export type TradeKind =
  'buy' | 'sell' | 'long' | 'short' | 'close long' | 'close short' | 'liq' | 'fee' | 'new' | 'graduated' | 'moved'

/** How a line of the tape is called; LIQ has an L or an S behind it where the order is known. */
export const TAPE_WORDS: Record<TradeKind, string> = {
  buy: 'buy',
  sell: 'sell',
  long: 'long',
  short: 'short',
  'close long': 'close L',
  'close short': 'close S',
  liq: 'LIQ',
  fee: 'fee cut',
  new: 'created',
  graduated: 'graduated',
  moved: 'to pool',
}

export type Side = 'buy' | 'sell' | 'none'

/** One line of the tape. */
export interface Trade {
  key: string
  /** Unix seconds, the chain's. */
  time: number
  kind: TradeKind
  side: Side
  /** Whole tokens. */
  tokens: number
  /** What was paid, in whole units of what the coin is paid in. */
  paid: number
  price: number
  /** The price with every digit; empty when there is none. */
  exact: string
  /** Who did it; of a liquidation whose order it was, empty when that is not known. */
  account: string
  /** Who paid for the transaction: of a liquidation, who triggered it. */
  payer: string
  /** The liquidated order: its side, and the prices between which it was liquidated, quote per whole token. */
  order?: { side: 'long' | 'short'; from: number; to: number }
  signature: string
  slot: number
  provisional: boolean
}

const TOKEN = 1e6
const LAMPORTS = 1e9

const SHORT = 2

function whole(value: Amount, unit: number): number {
  const number = Number(value)
  return Number.isFinite(number) ? number / unit : 0
}

/** Identifies an event: a resumed stream may repeat one. */
export function eventKey(event: Pick<Head, 'signature' | 'ordinal'>): string {
  return `${event.signature}:${event.ordinal}`
}

/** The event as a line of the tape; null for kinds that this window does not know. */
export function toTrade(event: TapeEvent): Trade | null {
  const line = (kind: TradeKind, side: Side, tokens: Amount, paid: Amount, unit = LAMPORTS): Trade => ({
    key: eventKey(event),
    time: Math.floor(Date.parse(event.timestamp) / 1000) || 0,
    kind,
    side,
    tokens: whole(tokens, TOKEN),
    paid: whole(paid, unit),
    price: Number(event.price_exact ?? NaN),
    exact: event.price_exact ?? '',
    account: 'user' in event && event.user ? event.user : (event.payer ?? ''),
    payer: event.payer ?? '',
    signature: event.signature,
    slot: event.slot,
    provisional: event.provisional === true,
  })
  switch (event.event_type) {
    case 'BuySell': {
      const side = event.is_buy ? 'buy' : 'sell'
      return line(side, side, event.token_amount, event.sol_amount)
    }
    case 'LongShort':
      // A long borrows SOL and buys tokens with it; a short borrows tokens and sells them.
      return event.order_type === SHORT
        ? line('short', 'sell', event.borrow_amount, event.position_asset_amount)
        : line('long', 'buy', event.position_asset_amount, event.borrow_amount)
    case 'FullClose':
    case 'PartialClose':
      return event.is_close_long
        ? line('close long', 'sell', event.final_token_amount, event.final_sol_amount)
        : line('close short', 'buy', event.final_token_amount, event.final_sol_amount)
    case 'ForceLiquidate':
      return liquidation(event, line('liq', 'none', 0, 0))
    case 'MilestoneDiscount':
      return line('fee', 'none', 0, 0)
    case 'TokenCreated':
    case 'Create':
      return line('new', 'none', 0, 0)
    case 'Trade':
    case 'PostCompleteBuy':
    case 'Buy':
    case 'Sell': {
      const side = event.is_buy ? 'buy' : 'sell'
      return line(side, side, event.token_amount, event.quote_amount, 10 ** quoteDecimals(event.quote_mint))
    }
    case 'Graduated':
      return line('graduated', 'none', 0, 0)
    case 'CompletePumpAmmMigration':
      return line('moved', 'none', 0, 0)
    default:
      return null
  }
}

/** The line of a liquidation: the order's, not that of the trade which set it off. */
function liquidation(event: TapeEvent & Partial<Ended>, line: Trade): Trade {
  const { user, order_type: type, price_decimals: decimals = 0 } = event
  if (!user || !type) return { ...line, account: '', tokens: NaN, paid: NaN }
  const [borrowed, held] = [event.borrow_amount ?? 0, event.position_asset_amount ?? 0]
  const price = (raw = '') => (decimals > 0 ? Number(raw) / 10 ** decimals : NaN)
  const order = {
    side: type === SHORT ? ('short' as const) : ('long' as const),
    from: price(event.lock_lp_start_price),
    to: price(event.lock_lp_end_price),
  }
  const [tokens, paid] = type === SHORT ? [borrowed, held] : [held, borrowed]
  return { ...line, order, price: order.from, tokens: whole(tokens, TOKEN), paid: whole(paid, LAMPORTS) }
}

/** Adds fresh lines on top of known ones, newest first, each event once, at most `limit`. */
export function joinTape(known: readonly Trade[], fresh: readonly Trade[], limit: number): Trade[] {
  const seen = new Set(known.map((trade) => trade.key))
  const added: Trade[] = []
  for (const trade of fresh) {
    if (seen.has(trade.key)) continue
    seen.add(trade.key)
    added.push(trade)
  }
  if (added.length === 0) return known as Trade[]
  const joined = [...added, ...known]
  joined.sort((a, b) => b.slot - a.slot || b.time - a.time)
  return joined.slice(0, limit)
}

/** The size from which a trade counts among the largest one in `share`; infinite while there are too few to tell. */
export function largeFrom(sizes: readonly number[], share = 20): number {
  const sorted = sizes.filter((size) => size > 0).sort((a, b) => b - a)
  return sorted.length < share ? Infinity : (sorted[Math.floor(sorted.length / share)] ?? Infinity)
}
