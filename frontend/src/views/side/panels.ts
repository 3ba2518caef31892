import type { Component } from 'svelte'
import type { SideTab } from '../../state/prefs.svelte'

type Later = typeof import('./later')

/** Reads what stands beside the chart and is no part of what is read before the first candle. */
export const readPanels = (): Promise<Later> => import('./later')

const PANELS: Record<Exclude<SideTab, 'trades'>, (later: Later) => Component> = {
  orders: ({ Orders }) => Orders,
  wallets: ({ Wallets }) => Wallets,
  info: ({ Info }) => Info,
  alerts: ({ Alerts }) => Alerts,
}

/** The panel of a tab. */
export async function panelOf(tab: keyof typeof PANELS): Promise<{ default: Component }> {
  return { default: PANELS[tab](await readPanels()) }
}
