import type { ListFilter } from '../../market/list-filter'
import { type Column, nextSort } from '../../market/list-sort'
import { CHANGE_SPANS, type ChangeSpan, type Figure, FIGURES, type ListTab } from '../../market/token'
import type { Workspace } from '../../state/workspace.svelte'

/** How a choice of the list is written, and what it is in words. */
export const SPAN_WORDS: Record<ChangeSpan, [string, string]> = {
  m5: ['5m', '5 minutes'],
  h1: ['1h', 'hour'],
  h24: ['24h', '24 hours'],
}

const SPAN_SECONDS: Record<ChangeSpan, number> = { m5: 300, h1: 3600, h24: 86_400 }

/** How long a token has existed when that is less than the window; 0 when it is not, or not known. */
export function youth(created: number, span: ChangeSpan, now: number): number {
  const age = created > 0 ? Math.max(1, now - created) : 0
  return age < SPAN_SECONDS[span] ? age : 0
}

export const FIGURE_WORDS: Record<Figure, [string, string]> = {
  last: ['last trade', 'how long ago the last trade was'],
  age: ['age', 'how long ago the token was created'],
  volume: ['volume', 'what was paid in 24h'],
  trades: ['trades', 'trades in 24h'],
  cap: ['cap', 'market cap: price × supply'],
  curve: ['curve', 'how much of the curve is sold: the coin graduates at 100%'],
}

/** The columns of the list beside those figures. */
export const COLUMN_WORDS: Record<Column, [string, string]> = {
  ...FIGURE_WORDS,
  price: ['price', 'price'],
  change: ['change', 'change over the period shown'],
}

/** Sorts by a column of the list, turns that round, and goes back to the order of the tab. */
export function sortBy({ prefs, tokens }: Workspace, column: Column): void {
  prefs.set('sort', nextSort(column, tokens.sort))
  tokens.setSort(prefs.values.sort)
}

function after<T>(list: readonly T[], value: T): T {
  return list[(list.indexOf(value) + 1) % list.length] ?? value
}

export function nextSpan({ prefs, tokens }: Workspace): void {
  prefs.set('span', after(CHANGE_SPANS, prefs.values.span))
  tokens.setSpan(prefs.values.span)
}

/** The orders of the list, in words. */
export const TAB_WORDS: Record<ListTab, [string, string]> = {
  top: ['Top', 'most volume in 24 hours, coins that are paid in the same thing together'],
  active: ['Active', 'last traded first'],
  gainers: ['Gainers', 'biggest rise over the period shown; press again for losers'],
  losers: ['Losers', 'biggest fall over the period shown; press again for gainers'],
  new: ['New', 'newest first'],
  favourites: ['Starred', 'the tokens you starred'],
}

export function pickTab({ prefs, tokens }: Workspace, tab: ListTab): void {
  prefs.set('tab', tab)
  prefs.set('sort', '')
  tokens.setTab(tab)
}

/** Lists the coins of the next program only; after the last, those of all. */
export function nextProgram({ tokens }: Workspace): void {
  tokens.setProgram(after(['', ...tokens.programs], tokens.program))
}

/** Lists only what the filter takes, and remembers it. */
export function setFilter({ prefs, tokens }: Workspace, filter: ListFilter): void {
  prefs.set('filter', filter)
  tokens.setFilter(prefs.values.filter)
}

export function nextFigure({ prefs }: Workspace): void {
  prefs.set('figure', after(FIGURES, prefs.values.figure))
}
