import { type Endpoint, Rest } from '../api/rest'
import { type Link, Stream } from '../api/client/index'
import type { Interval } from '../market/interval'
import * as native from '../native'
import { Clock } from './clock.svelte'
import { Exporting } from './exporting.svelte'
import { Gaps } from './gaps.svelte'
import { Health } from './health.svelte'
import { Margin } from './margin.svelte'
import { Market } from './market.svelte'
import type { Prefs } from './prefs.svelte'
import { Tape } from './tape.svelte'
import { Toasts } from './toasts.svelte'
import { TokenList } from './tokens.svelte'

/** starting: no server yet; token: it wants one; failed: it will not come without help; open: the page lives. */
export type Phase = 'starting' | 'token' | 'failed' | 'open'

const TOKEN_KEY = 'spinscope.token'
const SERVER_POLL_MS = 100
const HEALTH_MS = 2000
const RANK_MS = 15_000
const GAPS_MS = 30_000
const MARGIN_MS = 60_000
const GRACE_SLOTS = 2
const HEARTBEAT_MS = 2000

/** Everything the window knows, and the one place that ties the parts to each other and to the server. */
export class Workspace {
  phase = $state<Phase>('starting')
  problem = $state('')
  link = $state<Link>('connecting')
  /** When the connection was lost, in milliseconds; 0 while it stands. */
  lostAt = $state(0)
  /** Such as http://127.0.0.1:5051. */
  address = $state('')

  /** Whether the server wants a token of its clients. */
  secured = $state(false)

  readonly clock = new Clock()
  readonly toasts = new Toasts()
  readonly exporting = new Exporting()
  readonly margin = new Margin(() => this.rest)
  readonly gaps = new Gaps(() => this.rest)
  readonly health = new Health(() => this.rest)
  readonly market = new Market(
    () => this.rest,
    () => this.stream,
  )
  readonly tape = new Tape(
    () => this.rest,
    () => this.stream,
  )
  readonly tokens = new TokenList(
    () => this.rest,
    () => this.stream,
    this.clock,
  )
  rest = new Rest({ base: '', token: '' })
  stream = this.#newStream({ base: '', token: '' })
  #endpoint: Endpoint = { base: '', token: '' }
  #timers: ReturnType<typeof setInterval>[] = []
  #stopped = false

  constructor(readonly prefs: Prefs) {}

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
    this.address = info.base || location.origin
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
    if (!mint || mint === this.market.mint) return
    this.prefs.set('mint', mint)
    this.tokens.pin(mint)
    this.tape.open(mint)
    this.margin.open(mint)
    void this.gaps.read(mint)
    void this.market.open(mint, this.prefs.values.interval)
    this.#tellShell()
  }

  setInterval(interval: Interval): void {
    this.prefs.set('interval', interval)
    if (this.market.mint) void this.market.open(this.market.mint, interval)
    this.#tellShell()
  }

  step(rows: number): void {
    const next = this.tokens.neighbour(this.market.mint, rows)
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

  async #connect(endpoint: Endpoint): Promise<void> {
    this.#endpoint = endpoint
    this.secured = endpoint.token !== ''
    this.market.close()
    this.margin.open('')
    this.tape.close()
    this.stream.close()
    this.rest = new Rest(endpoint)
    this.stream = this.#newStream(endpoint)
    await this.health.poll()
    if (this.health.unauthorized) {
      this.problem = endpoint.token ? 'The server does not take this token.' : ''
      this.phase = 'token'
      return
    }
    this.#open()
  }

  #open(): void {
    this.phase = 'open'
    this.stream.watchTokens()
    this.stream.open()
    const { values } = this.prefs
    this.tokens.tab = values.tab
    this.tokens.favourites = [...values.favourites]
    if (values.mint) this.show(values.mint)
    void this.#loadTokens()
    this.#every(HEALTH_MS, () => this.#pollHealth())
    this.#every(RANK_MS, () => {
      this.tokens.refreshRank().catch(() => undefined)
      this.tokens.refreshVisible()
    })
    this.#every(GAPS_MS, () => this.gaps.read(this.market.mint))
    this.#every(MARGIN_MS, () => this.margin.refresh())
    this.#every(1000, () => this.clock.tick())
    this.#every(HEARTBEAT_MS, native.heartbeat)
    void this.#pollHealth()
  }

  async #loadTokens(): Promise<void> {
    await this.tokens.load()
    const { mint } = this.market
    if (mint && (this.tokens.get(mint) || this.tokens.phase !== 'ready')) {
      this.#tellShell()
      return
    }
    // Nothing chosen, or chosen on another server: whatever traded last, so that something moves.
    const traded = await this.rest.mints('last_trade_desc', 1).catch(() => null)
    const first = traded?.mints[0] ?? this.tokens.all[0]?.mint
    if (first) this.show(first)
  }

  async #pollHealth(): Promise<void> {
    const known = this.health.gaps
    await this.health.poll()
    const { status } = this.health
    if (status) {
      this.clock.observe(status.chain_time)
      // Chain time is that of the newest slot less two slots' grace.
      this.gaps.clock.observe(status.slot - GRACE_SLOTS, status.chain_time)
    }
    if (this.health.gaps !== known) void this.gaps.read(this.market.mint)
    // The list stayed empty because the server was away or new: look again.
    // Tokens may also have come one by one before any was chosen.
    if (this.link === 'connected' && (this.tokens.all.length === 0 || !this.market.mint)) await this.#loadTokens()
  }

  #every(milliseconds: number, work: () => unknown): void {
    this.#timers.push(setInterval(() => void work(), milliseconds))
  }

  #tellShell(): void {
    const { mint } = this.market
    native.setView({ mint, symbol: this.tokens.get(mint)?.symbol ?? '', interval: this.prefs.values.interval })
  }

  #newStream(endpoint: Endpoint): Stream {
    return new Stream(endpoint, {
      link: (state) => this.#onLink(state),
      history: (data) => this.market.onHistory(data),
      kline: (data) => {
        this.clock.observe(data.block_time)
        this.gaps.clock.observe(data.slot, data.block_time)
        this.market.onKline(data)
      },
      price: (data) => this.tokens.onPrice(data),
      event: (data) => {
        this.tape.onEvent(data)
        this.margin.onEvent(data)
      },
      token: (data) => this.tokens.onCreated(data),
      gap: (notice) => {
        this.market.onGap(notice)
        this.tape.onGap(notice)
        this.margin.onGap(notice)
      },
      error: (problem) => this.toasts.show('bad', `The server refused a request: ${problem.message}`),
    })
  }

  #onLink(state: Link): void {
    if (state === 'offline' && this.link !== 'offline') this.lostAt = Date.now()
    if (state === 'connected') {
      this.lostAt = 0
      void this.#pollHealth()
      if (this.market.phase === 'error') void this.market.reload()
      void this.margin.reload()
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
