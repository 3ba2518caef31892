import { formatPercent } from './price'

/** A whole number of the chain's smallest units: above 2^53 it comes as a string. */
type Amount = number | string

/** The parts of an order on the wire that its line is made from. */
export interface ToldOrder {
  order_pda: string
  user: string
  /** 1 long, 2 short */
  order_type: number
  price_decimals: number
  lock_lp_start_price: string
  lock_lp_end_price: string
  lock_lp_sol_amount: Amount
  lock_lp_token_amount: Amount
  margin_sol_amount: Amount
  total_sol_amount: Amount
  needed_sol_amount: Amount
  profit_sol_amount: Amount | null
  leverage: number | null
  entry_price: number | null
  start_time: number
  end_time: number
  group: number
}

/** What the server says of one side of the price. */
interface ToldSide {
  next: { distance: number; sol_amount: Amount } | null
  cascade: { orders: number; distance: number; sol_amount: Amount } | null
}

/** What open orders can be sorted by. */
export const ORDER_SORTS = ['distance', 'size', 'leverage', 'profit', 'entry', 'left', 'price'] as const
export type OrderSort = (typeof ORDER_SORTS)[number]

/** How a column of orders is headed, and what it is in words. */
export const ORDER_WORDS: Record<OrderSort, [head: string, words: string]> = {
  distance: ['Distance', 'distance to liquidation'],
  size: ['Size', 'what its closing trade moves'],
  leverage: ['Lev', 'leverage'],
  profit: ['Profit', 'profit if it were closed now'],
  entry: ['Entry', 'entry price'],
  left: ['Left', 'time left'],
  price: ['Price', 'liquidation price'],
}

/** An open order as it is listed. */
export interface OpenOrder {
  order: ToldOrder
  side: 'long' | 'short'
  /** Quote per whole token where it is liquidated, and where its closing trade takes the price. */
  price: number
  end: number
  /** From the price to there, as a fraction; NaN without a price. */
  distance: number
  /** Whole units of the quote: of its closing trade, of that and those before it, of what trades must move until then. */
  size: number
  total: number
  needed: number
  margin: number
  /** Of what it moved, by the margin; NaN without one. */
  leverage: number
  /** Quote per whole token; NaN when not known. */
  entry: number
  /** Whole units of the quote if it were closed now; NaN when not known. */
  profit: number
  /** The same by the margin. */
  gain: number
  /** Seconds until its time is over; below 0 after that. */
  left: number
}

/** An order with its figures, at the price of this moment. `unit` is how many base units a whole one of the quote has. */
export function openOrder(order: ToldOrder, spot: number, now: number, unit: number): OpenOrder {
  const raw = (text: string) => Number(text) / 10 ** order.price_decimals
  const paid = (amount: Amount | null) => (amount === null ? NaN : Number(amount) / unit)
  const price = raw(order.lock_lp_start_price)
  const [margin, profit] = [paid(order.margin_sol_amount), paid(order.profit_sol_amount)]
  return {
    order,
    side: order.order_type === 2 ? 'short' : 'long',
    price,
    end: raw(order.lock_lp_end_price),
    distance: spot > 0 ? price / spot - 1 : NaN,
    size: paid(order.lock_lp_sol_amount),
    total: paid(order.total_sol_amount),
    needed: paid(order.needed_sol_amount),
    margin,
    leverage: order.leverage ?? NaN,
    entry: order.entry_price ?? NaN,
    profit,
    gain: margin > 0 ? profit / margin : NaN,
    left: order.end_time - now,
  }
}

/** What comes first when a list is sorted by it: the nearest, the least time, else the most. */
const SMALLEST_FIRST: readonly OrderSort[] = ['distance', 'left']

/** Sorted anew; what is not known comes last. `back` turns it round. */
export function sortOrders(list: readonly OpenOrder[], by: OrderSort, back = false): OpenOrder[] {
  const value = (one: OpenOrder) => (by === 'distance' ? Math.abs(one.distance) : one[by])
  const sign = SMALLEST_FIRST.includes(by) === back ? -1 : 1
  return [...list].sort((a, b) => {
    const [x, y] = [value(a), value(b)]
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
    return sign * (x - y) || a.order.group - b.order.group || (a.order.order_pda < b.order.order_pda ? -1 : 1)
  })
}

/** What a price that moves to this side meets: "next −3.10%, 12 SOL; with it 2 more to −9.00%, 80 SOL". `paid` writes an amount. */
export function cascadeText(side: ToldSide | null, paid: (base: Amount) => string): string {
  if (!side?.next || !side.cascade) return ''
  const next = `next ${formatPercent(side.next.distance)}, ${paid(side.next.sol_amount)}`
  if (side.cascade.orders < 2) return next
  return `${next}; with it ${side.cascade.orders - 1} more to ${formatPercent(side.cascade.distance)}, ${paid(side.cascade.sol_amount)}`
}
