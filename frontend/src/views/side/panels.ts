import type { Component } from 'svelte'
import type { SideTab } from '../../state/prefs.svelte'

type Loaded = Promise<{ default: Component }>

/** What stands beside the chart and is no part of what is read before the first candle. */
export const LATER_PANELS: Record<Exclude<SideTab, 'trades'>, () => Loaded> = {
  orders: () => import('./Orders.svelte'),
  wallets: () => import('./Wallets.svelte'),
  info: () => import('./Info.svelte'),
  alerts: () => import('../alerts/Alerts.svelte'),
}

/** The panel of a tab. */
export function panelOf(tab: keyof typeof LATER_PANELS): Loaded {
  return LATER_PANELS[tab]()
}
