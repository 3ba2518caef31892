import { type TapeEvent, toTrade } from './trade'
import type { OwnMark } from './wallet'

/** A whole number of the chain's smallest units: above 2^53 it comes as a string. */
type Amount = number | string

/** The parts of a position on the wire that its line is made from. */
interface ToldHolding {
  held_amount: Amount
  entry_price: number | null
  value_amount?: Amount
  unrealised_amount?: Amount
  unrealised: number | null
  realised_amount: Amount
  volume_amount: Amount
  fee_amount: Amount
  fees_unknown: number
}

/** A position as it is listed: whole tokens, and whole units of what the coin is paid in; NaN for what is not known. */
export interface Holding {
  held: number
  entry: number
  value: number
  unrealised: number
  part: number
  realised: number
  volume: number
  /** NaN where no event says any. */
  fees: number
}

export function toHolding(told: ToldHolding, tokenDecimals: number, quoteDecimals: number): Holding {
  const paid = (amount: Amount | undefined) => (amount === undefined ? NaN : Number(amount) / 10 ** quoteDecimals)
  const fees = paid(told.fee_amount)
  return {
    held: Number(told.held_amount) / 10 ** tokenDecimals,
    entry: told.entry_price ?? NaN,
    value: paid(told.value_amount),
    unrealised: paid(told.unrealised_amount),
    part: told.unrealised ?? NaN,
    realised: paid(told.realised_amount),
    volume: paid(told.volume_amount),
    fees: fees === 0 && told.fees_unknown > 0 ? NaN : fees,
  }
}

const WHY: Record<string, string> = {
  older: 'older trades were not looked at',
  gaps: 'the stored history has gaps',
  history: 'the coin is older than the stored history',
}

/** Why trades may lack, in words; empty when none do. */
export function lackText(reasons: readonly string[] | null): string {
  return (reasons ?? []).map((reason) => WHY[reason] ?? reason).join(', ')
}

/** Where wallets went in and out, by candle, from their events. */
export function ownMarks(events: readonly TapeEvent[], floor: (time: number) => number): OwnMark[] {
  const marks = new Map<string, OwnMark>()
  for (const event of events) {
    const trade = toTrade(event)
    if (!trade || trade.side === 'none') continue
    const mark: OwnMark = { time: floor(trade.time), side: trade.side }
    marks.set(`${mark.time} ${mark.side}`, mark)
  }
  return [...marks.values()].sort((a, b) => a.time - b.time)
}
