import type { Interval } from '../market/interval'
import type { ChartState } from './chart.svelte'
import type { Charts } from './charts.svelte'
import type { Layout, Prefs, SideTab } from './prefs.svelte'
import type { Tape } from './tape.svelte'
import type { TokenList } from './tokens.svelte'
import type { Totals } from './totals.svelte'

/** What a narrow window shows: one of them at a time. */
export type Panel = 'chart' | 'tokens' | 'side'

/** The first look for a token to show waits so long in milliseconds; each next one half as long again. */
const FIRST_LOOK_MS = 100
/** From here on the regular look at the server's health is soon enough. */
const LAST_LOOK_MS = 1000

/** What is in sight: the token, interval and layout that the person goes to, and everything that follows them. */
export class Navigation {
  /** What is in sight where there is room for one panel only. */
  panel = $state<Panel>('chart')
  /** What the person chose last: shown also while nothing of it is stored. */
  #picked = ''

  constructor(
    private readonly prefs: Prefs,
    private readonly charts: Charts,
    private readonly tokens: TokenList,
    private readonly tape: Tape,
    private readonly totals: Totals,
  ) {}

  /** Shows what was in sight the last time. */
  open(): void {
    const { values } = this.prefs
    this.tokens.tab = values.tab
    this.tokens.sort = values.sort
    this.tokens.span = values.span
    this.tokens.filter = { ...values.filter }
    this.tokens.favourites = [...values.favourites]
    this.charts.open()
    this.#follow()
  }

  /** Shows what the preferences say by now: another arrangement was chosen. */
  restore(): void {
    this.charts.restore()
    this.#picked = this.charts.focused.mint
    this.open()
    this.tokens.refreshRank().catch(() => undefined)
  }

  show(mint: string): void {
    if (!mint || mint === this.charts.focused.mint) return
    this.charts.choose({ mint })
    this.#follow()
  }

  /** Shows the token that was chosen, and its chart. */
  pick(mint: string): void {
    this.#picked = mint
    this.show(mint)
    this.panel = 'chart'
  }

  showSide(tab: SideTab): void {
    this.prefs.set('side', tab)
    this.panel = 'side'
  }

  showAlerts(): void {
    this.showSide('alerts')
  }

  setInterval(interval: Interval): void {
    this.charts.choose({ interval })
  }

  /** Gives a chart the focus. */
  point(chart: ChartState): void {
    if (chart === this.charts.focused) return
    this.charts.point(chart)
    this.#follow()
  }

  /** Gives the focus to the chart so many places on. */
  stepChart(places: number): void {
    this.charts.step(places)
    this.#follow()
  }

  arrange(layout: Layout): void {
    this.charts.arrange(layout)
    this.#follow()
  }

  /** Ties the charts to one coin, or lets each have its own. */
  linkCoin(linked: boolean): void {
    this.charts.linkCoin(linked)
    this.#follow()
  }

  /** Shows the token so many rows on in the list. */
  step(rows: number): void {
    const next = this.tokens.neighbour(this.charts.focused.mint, rows)
    if (next) this.show(next.mint)
  }

  setFavourite(mint: string): void {
    this.prefs.toggleFavourite(mint)
    this.tokens.favourites = [...this.prefs.values.favourites]
  }

  /** Reads the list, and shows its first token if none is chosen, or one of another server. */
  async loadTokens(): Promise<void> {
    await this.tokens.load()
    const { mint } = this.charts.focused
    if (mint && (mint === this.#picked || this.tokens.get(mint) || this.tokens.phase !== 'ready')) return
    const first = this.tokens.shown[0]?.mint ?? this.tokens.all[0]?.mint
    if (first) this.show(first)
  }

  /**
   * Shows the first of the list as soon as there is one: a server that has just started has none for a moment. `alive` is
   * false once nobody waits any more.
   */
  async showFirst(alive: () => boolean): Promise<void> {
    const wanted = () => alive() && !this.charts.focused.mint
    this.tokens.listed = () => {
      const first = this.tokens.shown[0]
      if (first && wanted()) this.show(first.mint)
    }
    for (let wait = FIRST_LOOK_MS; wanted() && wait < LAST_LOOK_MS; wait *= 1.5) {
      await new Promise((resolve) => setTimeout(resolve, wait))
      if (wanted() && this.tokens.all.length === 0) await this.tokens.refreshRank().catch(() => undefined)
    }
  }

  /** What follows the focused chart does so. */
  #follow(): void {
    const { mint } = this.charts.focused
    this.tokens.pin(this.charts.mints)
    if (mint) this.tape.open(mint)
    this.totals.open(mint)
  }
}
