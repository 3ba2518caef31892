import { CHANGE_SPANS, type ChangeSpan, type Figure, FIGURES, type ListTab } from '../market/token'
import type { Workspace } from '../state/workspace.svelte'

/** How a choice of the list is written, and what it is in words. */
export const SPAN_WORDS: Record<ChangeSpan, [string, string]> = {
  m5: ['5 m', '5 minutes'],
  h1: ['1 h', 'hour'],
  h24: ['24 h', '24 hours'],
}
export const FIGURE_WORDS: Record<Figure, [string, string]> = {
  last: ['last trade', 'how long ago the last trade was'],
  age: ['age', 'how long ago the token was created'],
  volume: ['volume', 'SOL traded in 24 h'],
  trades: ['trades', 'trades in 24 h'],
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
  top: ['Top', 'by volume in 24 hours'],
  active: ['Active', 'by the last trade'],
  gainers: ['Gainers', 'by rise in the window shown; again for losers'],
  losers: ['Losers', 'by fall in the window shown; again for gainers'],
  new: ['New', 'by age'],
  favourites: ['Starred', 'those with a star'],
}

export function pickTab({ prefs, tokens }: Workspace, tab: ListTab): void {
  prefs.set('tab', tab)
  tokens.setTab(tab)
}

export function nextFigure({ prefs }: Workspace): void {
  prefs.set('figure', after(FIGURES, prefs.values.figure))
}
