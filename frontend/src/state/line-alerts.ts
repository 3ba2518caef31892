import { newDraft, priceText, type Rule, type RuleLine } from '../market/alert'
import type { Drawing } from '../market/drawing/drawing'
import type { Workspace } from './workspace.svelte'

type Around = Pick<Workspace, 'alerts' | 'toasts' | 'clock' | 'market' | 'navigation' | 'newAlert'>

/** The line of a rule that lies where a trend line or a ray was drawn; undefined for what a price cannot cross in time. */
export function lineOf({ kind, points }: Drawing): RuleLine | undefined {
  if (kind !== 'trend' && kind !== 'ray') return undefined
  const ordered = kind === 'ray' ? points : [...points].sort((a, b) => a.time - b.time)
  const [from, to] = ordered.map(({ time, price }) => ({ time: Math.round(time), price: priceText(price) }))
  if (!from || !to || from.time >= to.time) return undefined
  const line = { from_time: from.time, from_price: from.price, to_time: to.time, to_price: to.price }
  return kind === 'ray' ? { ...line, ray: true } : line
}

/** The price of a line at a time, Unix seconds. */
function priceAt({ from_time = 0, from_price, to_time = 0, to_price }: RuleLine, time: number): number {
  const [from, to] = [Number(from_price), Number(to_price)]
  return from + ((to - from) * (time - from_time)) / (to_time - from_time)
}

/** Above or below, as the line lies to the last price now. */
function kindOf(line: RuleLine, { market, clock }: Around): Rule['kind'] {
  return priceAt(line, Math.max(clock.now, line.from_time ?? 0)) < (market.last?.close ?? NaN)
    ? 'line_below'
    : 'line_above'
}

/** Opens the form for an alert at a line that was drawn, or says why there is none. */
export function alertAt(workspace: Around, mint: string, drawing: Drawing): void {
  const { alerts, toasts, clock, navigation } = workspace
  if (drawing.kind === 'level') return workspace.newAlert(drawing.points[0]?.price)

  const line = lineOf(drawing)
  if (!line) return toasts.show('info', 'This line does not run forward in time: no price will cross it.')
  if (!line.ray && (line.to_time ?? 0) <= clock.now)
    return toasts.show('info', 'This line ends before now. Drag its end beyond the last candle, or draw a ray.')
  navigation.showAlerts()
  alerts.problem = null
  alerts.draft = { ...newDraft(mint, NaN), kind: kindOf(line, workspace), line, once: true }
}

/** A rule lies on the line that was drawn where it is: it goes where that is dragged, and is deleted with it. */
export async function followLine(
  workspace: Around,
  mint: string,
  before: Drawing,
  after: Drawing | undefined,
): Promise<void> {
  const { alerts, toasts } = workspace
  const [was, is] = [lineOf(before), after && lineOf(after)]
  const rules = was ? alerts.rules.filter((rule) => rule.symbol === mint && isAt(rule, was)) : []
  if (rules.length === 0 || (was && is && isAt(is, was))) return
  if (!alerts.writable)
    return toasts.show(
      'info',
      'The alert stays where the line was: from here it is not changed. The tab Alerts has the command.',
    )

  let done = true
  for (const rule of rules)
    done = (await (is ? alerts.again({ ...rule, ...is, kind: kindOf(is, workspace) }) : alerts.delete(rule.id))) && done
  if (!done) toasts.show('bad', 'The alert stays where the line was: it could not be changed.')
  else if (!is) toasts.show('info', 'The alert at the line was deleted with it.')
}

function isAt(one: RuleLine, other: RuleLine): boolean {
  return (
    one.from_time === other.from_time &&
    one.to_time === other.to_time &&
    !one.ray === !other.ray &&
    Number(one.from_price) === Number(other.from_price) &&
    Number(one.to_price) === Number(other.to_price)
  )
}
