import { type Endpoint, Rest } from '../api/rest'
import type { Alert, Link } from '../api/client/index'
import { Stream } from '../api/stream'
import { pointedPrice } from '../market/alert'
import type { Interval } from '../market/interval'
import { formatClock } from '../market/time'
import * as native from '../native'
import { Alerts } from './alerts.svelte'
import type { ChartState } from './chart.svelte'
import { Charts } from './charts.svelte'
import { Clock } from './clock.svelte'
import { Exporting } from './exporting.svelte'
import { Health } from './health.svelte'
import { goToAlert } from './go-to-alert'
import type { Market } from './market.svelte'
import type { Layout, Prefs, SideTab } from './prefs.svelte'
import { type StatusLine, statusLineOf } from './status-line'
import { Tape } from './tape.svelte'
import { Toasts } from './toasts.svelte'
import { TokenList } from './tokens.svelte'
import { Totals } from './totals.svelte'

/** starting: no server yet; token: it wants one; failed: it will not come without help; open: the page lives. */
export type Phase = 'starting' | 'token' | 'failed' | 'open'

const TOKEN_KEY = 'spinscope.token'
const SERVER_POLL_MS = 100
const HEALTH_MS = 1000
const RANK_MS = 15_000
const GAPS_MS = 30_000
const MARGIN_MS = 60_000
const GRACE_SLOTS = 2
const HEARTBEAT_MS = 2000

/** What a narrow window shows: one of them at a time. */
export type Panel = 'chart' | 'tokens' | 'side'

/** Everything the window knows, and the one place that ties the parts to each other and to the server. */
export class Workspace {
  phase = $state<Phase>('starting')
  problem = $state('')
  link = $state<Link>('connecting')
  /** When the connection was lost, in milliseconds; 0 while it stands. */
  lostAt = $state(0)
  /** Such as http://127.0.0.1:5051. */
  address = $state('')

  /** What is in sight where there is room for one panel only. */
  panel = $state<Panel>('chart')

  /** Nobody has chosen a market yet: the window asks. */
  firstStart = $state(false)

  /** Whether the server wants a token of its clients. */
  secured = $state(false)

  readonly clock = new Clock()
  readonly toasts = new Toasts()
  readonly exporting = new Exporting()
  readonly health = new Health(() => this.rest)
  readonly alerts: Alerts
  readonly charts: Charts
  readonly tape = new Tape(
    () => this.rest,
    () => this.stream,
  )
  readonly tokens = new TokenList(
    () => this.rest,
    () => this.stream,
    this.clock,
  )
  readonly totals = new Totals(
    () => this.rest,
    (tickers, details) => this.tokens.takeBoth(tickers, details),
  )
  rest = new Rest({ base: '', token: '' })
  stream = this.#newStream({ base: '', token: '' })
  #endpoint: Endpoint = { base: '', token: '' }
  #timers: ReturnType<typeof setInterval>[] = []
  #stopped = false

  constructor(readonly prefs: Prefs) {
    this.alerts = new Alerts(() => this.rest, native.alertWriter(), {
      seen: () => prefs.values.alertsSeen,
      see: (time) => prefs.set('alertsSeen', time),
    })
    this.alerts.announce = (alerts) => this.#announce(alerts)
    this.charts = new Charts(
      prefs,
      () => this.rest,
      () => this.stream,
    )
  }

  /** How everything stands. */
  get statusLine(): StatusLine {
    const { silent, feed, status } = this.health
    const lost = this.lostAt > 0 ? formatClock(this.lostAt / 1000, this.prefs.values.zone) : ''
    return statusLineOf({ link: this.link, silent, feed, status, lost })
  }

  /** The focused chart. */
  get chart(): ChartState {
    return this.charts.focused
  }

  /** The candles of the focused chart. */
  get market(): Market {
    return this.chart.market
  }

  /** Finds the server and opens the page on it. */
  async start(): Promise<void> {
    let info = await native.serverInfo()
    while (!info.ready && !info.error && !this.#stopped) {
      await new Promise((resolve) => setTimeout(resolve, SERVER_POLL_MS))
      info = await native.serverInfo()
    }
    if (this.#stopped) return
    if (info.error) {
      this.problem = info.error
      this.phase = 'failed'
      return
    }
    this.address = info.base
    this.firstStart = info.first ?? false
    await this.#connect({ base: info.base, token: info.token || readToken() })
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) clearInterval(timer)
    this.stream.close()
  }

  /** Takes the token that the person typed. */
  async useToken(token: string): Promise<void> {
    writeToken(token)
    await this.#connect({ base: this.#endpoint.base, token })
  }

  show(mint: string): void {
    if (!mint || mint === this.chart.mint) return
    this.charts.choose({ mint })
    this.#follow()
  }

  /** Shows the token that was chosen, and its chart. */
  pick(mint: string): void {
    this.show(mint)
    this.panel = 'chart'
  }

  showSide(tab: SideTab): void {
    this.prefs.set('side', tab)
    this.panel = 'side'
  }

  /** Opens the form for an alert on the focused token: at this price, else under the crosshair, else the last one. */
  newAlert(price?: number): void {
    const last = this.market.last?.close ?? NaN
    const pointed = price ?? this.charts.cross?.price
    this.showAlerts()
    this.alerts.begin(this.chart.mint, pointed === undefined ? last : pointedPrice(pointed), last)
  }

  showAlerts(): void {
    this.showSide('alerts')
  }

  setInterval(interval: Interval): void {
    this.charts.choose({ interval })
    this.#tellShell()
  }

  /** Gives a chart the focus. */
  point(chart: ChartState): void {
    if (chart === this.chart) return
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

  step(rows: number): void {
    const next = this.tokens.neighbour(this.chart.mint, rows)
    if (next) this.show(next.mint)
  }

  setFavourite(mint: string): void {
    this.prefs.toggleFavourite(mint)
    this.tokens.favourites = [...this.prefs.values.favourites]
  }

  /** Where scripts connect, and with which token. */
  get endpoint(): Endpoint {
    return { base: this.address, token: this.#endpoint.token }
  }

  retry(): void {
    this.stream.retry()
    void this.health.poll()
  }

  async copy(text: string, what: string): Promise<void> {
    try {
      await native.copyText(text)
      this.toasts.show('good', `${what} copied`)
    } catch {
      this.toasts.show('bad', `The browser did not let the page copy. ${what}: ${text}`)
    }
  }

  /** As copy, for what must not be shown when copying fails. */
  async copySecret(text: string, what: string): Promise<void> {
    try {
      await native.copyText(text)
      this.toasts.show('good', `${what} copied`)
    } catch {
      this.toasts.show('bad', `The browser did not let the page copy the ${what.toLowerCase()}`)
    }
  }

  async #connect(endpoint: Endpoint): Promise<void> {
    this.#endpoint = endpoint
    this.secured = endpoint.token !== ''
    this.charts.close()
    this.tape.close()
    this.totals.close()
    this.stream.close()
    this.rest = new Rest(endpoint)
    this.stream = this.#newStream(endpoint)
    await this.health.poll()
    if (this.health.unauthorized) {
      this.problem = endpoint.token ? 'The server does not accept this token.' : ''
      this.phase = 'token'
      return
    }
    this.#open()
  }

  #open(): void {
    this.phase = 'open'
    this.stream.watchTokens()
    this.stream.watchAlerts()
    this.stream.open()
    const { values } = this.prefs
    this.tokens.tab = values.tab
    this.tokens.span = values.span
    this.tokens.favourites = [...values.favourites]
    this.charts.open()
    this.#follow()
    void this.#loadTokens()
    void this.#chooseFirst()
    this.#every(HEALTH_MS, () => this.#pollHealth())
    this.#every(RANK_MS, () => {
      this.tokens.refreshRank().catch(() => undefined)
      this.tokens.refreshVisible()
    })
    this.#every(GAPS_MS, () => this.#readGaps())
    // Rules also change by the command line and by hand.
    this.#every(GAPS_MS, () => this.alerts.read())
    this.#every(MARGIN_MS, () => {
      for (const chart of this.charts.shown) void chart.margin.reload()
    })
    this.#every(1000, () => this.clock.tick())
    this.#every(HEARTBEAT_MS, native.heartbeat)
    void this.#pollHealth()
  }

  async #loadTokens(): Promise<void> {
    await this.tokens.load()
    const { mint } = this.chart
    if (mint && (this.tokens.get(mint) || this.tokens.phase !== 'ready')) {
      this.#tellShell()
      return
    }
    // Nothing chosen, or chosen on another server.
    const first = this.tokens.shown[0]?.mint ?? this.tokens.all[0]?.mint
    if (first) this.show(first)
  }

  /** Shows the first of the list as soon as there is one: a server that has just started has none for a moment. */
  async #chooseFirst(): Promise<void> {
    const wanted = () => this.phase === 'open' && !this.#stopped && !this.chart.mint
    this.tokens.listed = () => {
      const first = this.tokens.shown[0]
      if (first && wanted()) this.show(first.mint)
    }
    for (let wait = 100; wanted() && wait < HEALTH_MS; wait *= 1.5) {
      await new Promise((resolve) => setTimeout(resolve, wait))
      if (wanted() && this.tokens.all.length === 0) await this.tokens.refreshRank().catch(() => undefined)
    }
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
    if (this.link === 'connected' && (this.tokens.all.length === 0 || !this.chart.mint)) await this.#loadTokens()
  }

  #every(milliseconds: number, work: () => unknown): void {
    this.#timers.push(setInterval(() => void work(), milliseconds))
  }

  /** What follows the focused chart does so. */
  #follow(): void {
    this.tokens.pin(this.charts.mints)
    if (this.chart.mint) this.tape.open(this.chart.mint)
    this.totals.open(this.chart.mint)
    this.#tellShell()
  }

  /** A few alerts are told each, many as one. */
  #announce(alerts: readonly Alert[]): void {
    const newest = alerts.at(-1)
    if (!newest) return
    if (alerts.length > 2) {
      this.toasts.show('alert', `${alerts.length} alerts, the latest: ${newest.message}`, () => this.showAlerts())
      return
    }
    for (const alert of alerts) this.toasts.show('alert', alert.message, () => void goToAlert(this, alert))
  }

  #readGaps(): void {
    void this.totals.look()
    for (const chart of this.charts.shown) void chart.gaps.read(chart.mint)
  }

  #tellShell(): void {
    const { mint, interval } = this.chart
    native.setView({ mint, symbol: this.tokens.get(mint)?.symbol ?? '', interval })
  }

  #each(tell: (chart: ChartState) => void): void {
    for (const chart of this.charts.shown) tell(chart)
  }

  #newStream(endpoint: Endpoint): Stream {
    return new Stream(endpoint, {
      link: (state) => this.#onLink(state),
      history: (data) => this.#each((chart) => chart.onHistory(data)),
      kline: (data) => {
        this.clock.observe(data.block_time)
        this.charts.slots.observe(data.slot, data.block_time)
        this.#each((chart) => chart.onKline(data))
      },
      price: (data) => this.tokens.onPrice(data),
      event: (data) => {
        this.tape.onEvent(data)
        this.totals.onEvent(data)
        this.#each((chart) => chart.onEvent(data))
      },
      token: (data) => this.tokens.onCreated(data),
      alert: (data) => this.alerts.onAlert(data),
      gap: (notice) => {
        this.#each((chart) => chart.onGap(notice))
        this.tape.onGap(notice)
      },
      error: (problem) => this.toasts.show('bad', `The server refused a request: ${problem.message}`),
    })
  }

  #onLink(state: Link): void {
    if (state === 'offline' && this.link !== 'offline') this.lostAt = Date.now()
    if (state === 'connected') {
      this.lostAt = 0
      void this.#pollHealth()
      this.#each((chart) => chart.onConnected())
      void this.alerts.read()
      if (this.tape.error) void this.tape.reload()
    }
    if (state === 'unauthorized') {
      for (const timer of this.#timers.splice(0)) clearInterval(timer)
      this.problem = ''
      this.phase = 'token'
    }
    this.link = state
  }
}

function readToken(): string {
  try {
    return sessionStorage.getItem(TOKEN_KEY) ?? ''
  } catch {
    return ''
  }
}

function writeToken(token: string): void {
  try {
    sessionStorage.setItem(TOKEN_KEY, token)
  } catch {
    // Then it is asked for again after a reload.
  }
}
