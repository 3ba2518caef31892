import type { Alert, WatchedCoin } from '../api/client/index'
import { pointedPrice } from '../market/alert'
import { type Measure, measureOf } from '../market/measure'
import { formatClock } from '../market/time'
import * as native from '../native'
import { AlertSound } from './alert-sound'
import { Alerts } from './alerts.svelte'
import type { ChartState } from './chart.svelte'
import { Charts } from './charts.svelte'
import { Clipboard } from './clipboard'
import { Clock } from './clock.svelte'
import { Connection } from './connection.svelte'
import { Dollars } from './dollars.svelte'
import { Exporting } from './exporting.svelte'
import { goToAlert } from './go-to-alert'
import { Health } from './health.svelte'
import type { Market } from './market.svelte'
import { Navigation } from './navigation.svelte'
import { Polling } from './polling'
import type { Prefs, PrefValues } from './prefs.svelte'
import { pushesTo } from './pushes'
import { type StatusLine, statusLineOf } from './status-line'
import { place } from './storage'
import { Tape } from './tape.svelte'
import { Toasts } from './toasts.svelte'
import { TokenList } from './tokens.svelte'
import { Totals } from './totals.svelte'
import { Wallets } from './wallets.svelte'
import { Watched } from './watched.svelte'
import { reason } from './reason'

const HEALTH_MS = 1000
const RANK_MS = 15_000
const GAPS_MS = 30_000
const MARGIN_MS = 60_000
const HEARTBEAT_MS = 2000
const GRACE_SLOTS = 2

/** Everything the window knows: makes the parts and ties them to each other. What a part can do is its own. */
export class Workspace {
  readonly clock = new Clock()
  readonly toasts = new Toasts()
  readonly clipboard = new Clipboard(this.toasts)
  readonly exporting: Exporting
  readonly connection: Connection
  readonly health: Health
  readonly alerts: Alerts
  readonly sound: AlertSound
  readonly charts: Charts
  readonly tape: Tape
  readonly tokens: TokenList
  readonly totals: Totals
  readonly navigation: Navigation
  readonly watched: Watched
  readonly dollars: Dollars
  readonly wallets: Wallets
  /** Set while a replay is on screen: alerts are listed, and neither heard nor told over it. */
  muted = false
  #polling = new Polling()

  constructor(readonly prefs: Prefs) {
    const rest = () => this.connection.rest
    const stream = () => this.connection.stream

    this.connection = new Connection(pushesTo(this), {
      closing: () => this.#close(),
      accepted: () => this.#accepted(),
      opened: () => this.#open(),
      connected: () => this.#connected(),
      refused: () => this.#polling.stop(),
    })

    this.health = new Health(rest)
    this.tape = new Tape(rest, stream)
    this.tokens = new TokenList(rest, stream, this.clock)
    this.totals = new Totals(rest, (tickers, details) => this.tokens.takeBoth(tickers, details))
    this.charts = new Charts(prefs, rest, stream)
    this.navigation = new Navigation(prefs, this.charts, this.tokens, this.tape, this.totals)
    this.alerts = new Alerts(rest, native.alertWriter(), {
      seen: () => prefs.values.alertsSeen,
      see: (time) => prefs.set('alertsSeen', time),
    })
    this.sound = new AlertSound(prefs)
    this.dollars = new Dollars(rest, () => prefs.values.money === 'usd')
    this.exporting = new Exporting(rest, native.exportWriter())
    this.wallets = new Wallets(prefs)
    this.watched = new Watched(rest, native.watchWriter())
    this.watched.moved = (coin, before) => this.#moved(coin, before)
    this.alerts.announce = (alerts) => this.#announce(alerts)
  }

  /** The focused chart. */
  get chart(): ChartState {
    return this.charts.focused
  }

  /** The candles of the focused chart. */
  get market(): Market {
    return this.chart.market
  }

  /** Of the coin that is shown: of its last trade, else of the newest bar; NaN while there is none. */
  get price(): number {
    const price = this.tokens.get(this.chart.mint)?.price ?? NaN
    return Number.isFinite(price) ? price : (this.market.last?.close ?? NaN)
  }

  /** How figures of a coin are shown. */
  measure(mint: string): Measure {
    const { worth, money } = this.prefs.values
    const token = this.tokens.get(mint)
    const coin = { quote: token?.quote ?? this.tokens.quote(mint), supply: token?.supply ?? NaN }
    return measureOf(worth, money, coin, money === 'usd' ? this.dollars.rate : NaN)
  }

  /** Shows figures in dollars, or in what each coin is paid in. */
  switchMoney(): void {
    this.prefs.set('money', this.prefs.values.money === 'usd' ? 'quote' : 'usd')
    this.dollars.look()
  }

  /** Shows market caps in the place of prices, or prices. */
  switchWorth(): void {
    this.prefs.set('worth', this.prefs.values.worth === 'cap' ? 'price' : 'cap')
  }

  /** Arranges the window as these preferences say; those that are left out stay. */
  arrange(values: Partial<PrefValues>): void {
    this.prefs.setAll(values)
    this.navigation.restore()
    this.dollars.look()
  }

  /** How the server, the cluster and the history are. */
  get statusLine(): StatusLine {
    const { silent, feed, status } = this.health
    const { link, lostAt } = this.connection
    const lost = lostAt > 0 ? formatClock(lostAt / 1000, this.prefs.values.zone) : ''
    return statusLineOf({ link, silent, feed, status, lost })
  }

  /** Finds the server and opens the page on it. */
  start(): Promise<void> {
    return this.connection.start()
  }

  stop(): void {
    this.#polling.stop()
    this.connection.stop()
  }

  retry(): void {
    this.connection.stream.retry()
    void this.health.poll()
  }

  /** Opens the form for an alert on the focused token: at this price, else under the crosshair, else the last one. */
  newAlert(price?: number): void {
    const last = this.market.last?.close ?? NaN
    const pointed = price ?? this.charts.cross?.price
    this.navigation.showAlerts()
    this.alerts.begin(this.chart.mint, pointed === undefined ? last : pointedPrice(pointed), last)
  }

  /** Whether a coin can be put on the list of watched ones from here. */
  get canWatch(): boolean {
    return this.watched.writable && !this.health.simulated
  }

  /** Follows the coin that a text names, and shows it. */
  async watch(text: string): Promise<void> {
    try {
      this.navigation.pick(await this.watched.add(text))
    } catch (error) {
      this.toasts.show('bad', `The coin is not watched: ${reason(error)}`)
    }
  }

  /** A watched coin has come on: it is listed once something of it is stored, and shown anew once its history is whole. */
  #moved(coin: WatchedCoin, before: WatchedCoin | undefined): void {
    const { mint, state } = coin
    if (!this.tokens.get(mint) && state !== 'refused') void this.tokens.look([mint])
    for (const chart of this.charts.shown)
      if (chart.mint === mint && chart.refusal && state !== 'refused') chart.retry()
    if (state !== 'live' || before === undefined || before.state === 'live') return
    for (const chart of this.charts.shown) {
      if (chart.mint !== mint) continue
      void chart.market.reload()
      void chart.gaps.read(mint)
    }
    if (this.chart.mint === mint) void this.tape.reload()
  }

  #close(): void {
    this.charts.close()
    this.tape.close()
    this.totals.close()
  }

  async #accepted(): Promise<boolean> {
    await this.health.poll()
    return !this.health.unauthorized
  }

  #open(): void {
    this.navigation.open()
    void this.navigation.loadTokens()
    void this.navigation.showFirst(() => this.connection.phase === 'open' && !this.connection.stopped)

    const every = this.#polling.every.bind(this.#polling)
    every(HEALTH_MS, () => this.#pollHealth())
    every(RANK_MS, () => {
      this.tokens.refreshRank().catch(() => undefined)
      this.tokens.refreshVisible()
    })
    every(GAPS_MS, () => this.#readGaps())
    // Rules also change by the command line and by hand.
    every(GAPS_MS, () => this.alerts.read())
    every(MARGIN_MS, () => {
      for (const chart of this.charts.shown) void chart.margin.reload()
    })
    every(1000, () => this.clock.tick())
    every(1000, () => this.dollars.tick())
    // A coin that is shown and not listed may be followed for this client by now.
    every(1000, () => this.watched.tick(this.charts.mints.some((mint) => !this.tokens.get(mint))))
    every(HEARTBEAT_MS, native.heartbeat)
    void this.#pollHealth()
    this.dollars.look()
  }

  /** The stream stands again: what may have been missed is read anew. */
  #connected(): void {
    void this.#pollHealth()
    for (const chart of this.charts.shown) chart.onConnected()
    void this.alerts.read()
    if (this.tape.error) void this.tape.reload()
  }

  async #pollHealth(): Promise<void> {
    const known = this.health.gaps
    this.health.check()
    await this.health.poll()

    const { status } = this.health
    if (status) {
      this.clock.observe(status.chain_time)
      // Chain time is that of the newest slot less two slots' grace.
      this.charts.slots.observe(status.slot - GRACE_SLOTS, status.chain_time)
    }
    if (this.health.gaps !== known) this.#readGaps()

    // The list stayed empty because the server was away or new: look again.
    // Tokens may also have come one by one before any was chosen.
    const missing = this.tokens.all.length === 0 || !this.chart.mint
    if (this.connection.link === 'connected' && missing) await this.navigation.loadTokens()
  }

  #readGaps(): void {
    void this.totals.look()
    for (const chart of this.charts.shown) void chart.gaps.read(chart.mint)
  }

  /** A few alerts are told each, many as one. */
  #announce(alerts: readonly Alert[]): void {
    const newest = alerts.at(-1)
    if (!newest || this.muted || place > 1) return // the first window tells them
    this.sound.play()
    if (alerts.length > 2) {
      const text = `${alerts.length} alerts, the latest: ${newest.message}`
      this.toasts.show('alert', text, () => this.navigation.showAlerts())
      return
    }
    for (const alert of alerts) this.toasts.show('alert', alert.message, () => void goToAlert(this, alert))
  }
}
