import { isAddress } from './address'
import { type Interval, isInterval } from './interval'

/** What a link opens: a coin, and as far as it says so an interval and the time in sight. */
export interface Linked {
  mint: string
  interval: Interval | undefined
  /** Unix seconds; undefined: wherever the chart opens. */
  range: { from: number; to: number } | undefined
}

/** After the year 2100 nothing is looked at. */
const LATEST = 4_102_444_800

/** A link to the page of a server, of what stands after its #: that part is never sent to anybody. */
export function linkTo(address: string, { mint, interval, range }: Linked): string {
  const parts = new URLSearchParams({ coin: mint })
  if (interval) parts.set('interval', interval)
  if (range) {
    parts.set('from', String(range.from))
    parts.set('to', String(range.to))
  }
  return `${address}/#${parts}`
}

/** What a link says after its #, with the # or without; else what is wrong with it, as the end of a sentence. */
export function readLink(hash: string): Linked | string {
  const parts = new URLSearchParams(hash.replace(/^#/, ''))
  const mint = parts.get('coin') ?? ''
  if (!mint) return 'it names no coin'
  if (!isAddress(mint)) return 'its coin is not an address of Solana'

  const interval = parts.get('interval') ?? undefined
  if (interval !== undefined && !isInterval(interval)) return 'its interval is not one that there is'

  const [from, to] = [parts.get('from'), parts.get('to')]
  if (from === null && to === null) return { mint, interval, range: undefined }
  if (!isTime(from) || !isTime(to) || Number(from) >= Number(to)) return 'its time does not begin before it ends'
  return { mint, interval, range: { from: Number(from), to: Number(to) } }
}

function isTime(text: string | null): text is string {
  return text !== null && /^\d{1,10}$/.test(text) && Number(text) <= LATEST
}
