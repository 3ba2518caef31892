import type { Rest } from '../api/rest'
import type { Order } from '../api/client/index'
import { ownMarks } from '../market/holding'
import { floor, type Interval } from '../market/interval'
import type { TapeEvent } from '../market/trade'
import type { OwnLevel, OwnMark, Wallet } from '../market/wallet'

/** Trades of a wallet on a coin that are marked. */
const MARKED = 1000

/** What the person's own wallets did on a coin, and the lines of what they hold. */
export interface OwnTrades {
  events: TapeEvent[]
  levels: OwnLevel[]
}

/** Nothing when they never traded the coin. */
export async function ownTrades(
  rest: Rest,
  wallets: readonly Wallet[],
  mint: string,
  signal?: AbortSignal,
): Promise<OwnTrades> {
  const mine = wallets.filter((one) => one.mine)
  const found = await Promise.all(
    mine.map(async ({ address, label }) => {
      const [wallet, orders, events] = await Promise.all([
        rest.wallet(address, 1, signal, mint),
        rest.userOrders(address, mint, signal),
        rest.userEvents(address, mint, MARKED, signal),
      ])
      const of = label ? ` ${label}` : ''
      const entry = wallet.positions[0]?.entry_price
      const levels: OwnLevel[] = orders.map((order) => liquidationOf(order, of))
      if (entry) levels.push({ id: address, price: entry, kind: 'entry', title: `entry${of}` })
      return { events, levels }
    }),
  )
  return { events: found.flatMap(({ events }) => events), levels: found.flatMap(({ levels }) => levels) }
}

/** The same by candle of an interval. */
export const marksOf = (events: readonly TapeEvent[], interval: Interval): OwnMark[] =>
  ownMarks(events, (time) => floor(interval, time))

function liquidationOf(order: Order, of: string): OwnLevel {
  return {
    id: order.order_pda,
    price: Number(order.lock_lp_start_price) / 10 ** order.price_decimals,
    kind: 'liquidation',
    title: `liq. ${order.order_type === 1 ? 'long' : 'short'}${of}`,
  }
}
