import { isAbort, type MintSort, type Rest } from '../api/rest'
import type { Detail, PriceUpdate, TokenCreatedEvent } from '../api/client/index'
import type { Stream } from '../api/stream'
import {
  type Base,
  baseAt,
  byRank,
  type ChangeSpan,
  cleanName,
  findTokens,
  type ListTab,
  matches,
  type Move,
  moveOver,
  shortAddress,
  SPAN_SECONDS,
  sparkPoints,
  type TokenFacts,
} from '../market/token'
import type { Clock } from './clock.svelte'
import { onFrame } from './frame'
import { reason } from './reason'

const PAGE = 1000
const MOST_TOKENS = 10_000
/** The server allows 50 subscriptions a client; four charts, the tape, alerts and token events take some. */
const MOST_PRICES = 38
const FETCHES = 3
const INSIGHT_MS = 60_000
const DAY = 86_400
const RANKED: Partial<Record<ListTab, MintSort>> = { top: 'volume_desc', active: 'last_trade_desc' }

/** One token of the list; only what changes is reactive. */
export class Token implements TokenFacts {
  price = $state(NaN)
  /** The same with every digit, as told last. */
  exact = $state('')
  /** Unix seconds of the last trade; 0 when there was none. */
  lastTrade = $state(0)
  /** The prices that changes are measured from; null while none is known. */
  bases = $state.raw<Record<ChangeSpan, Base | null>>({ m5: null, h1: null, h24: null })
  /** SOL traded in the last 24 h, and trades; NaN while not known. */
  volume = $state(NaN)
  trades = $state(NaN)
  spark = $state.raw<number[]>([])
  detail = $state.raw<Detail | null>(null)
  /** The change of the last 24 h. */
  move: Move | null = $derived(this.moved('h24'))
  /** When the candles behind bases and spark were read, in milliseconds. */
  read = 0

  constructor(
    readonly mint: string,
    readonly name: string,
    readonly symbol: string,
    readonly created: number,
  ) {}

  /** How the price has moved; null when it is not known. */
  moved(span: ChangeSpan): Move | null {
    const base = this.bases[span]
    return base && moveOver([{ time: base.since, open: base.price }], this.price)
  }
}

export type ListPhase = 'loading' | 'ready' | 'error'

/** The token list: who there is, in which order, and what the visible ones cost. */
export class TokenList {
  all = $state.raw<Token[]>([])
  query = $state('')
  tab = $state<ListTab>('top')
  phase = $state<ListPhase>('loading')
  error = $state('')
  favourites = $state.raw<readonly string[]>([])
  #rank = $state.raw<ReadonlyMap<string, number>>(new Map())
  /** As listed: by tab, search and rank. */
  shown: Token[] = $derived.by(() => this.#list())

  #byMint = new Map<string, Token>()
  #visible: readonly string[] = []
  #pinned: readonly string[] = []
  #queue: string[] = []
  #fetching = 0
  #prices = new Map<string, PriceUpdate>()
  #frame = onFrame(() => this.#flush())

  constructor(
    private readonly rest: () => Rest,
    private readonly stream: () => Stream,
    private readonly clock: Clock,
  ) {}

  get(mint: string): Token | undefined {
    return this.#byMint.get(mint)
  }

  /** Tokens of the whole list for a query, the likeliest first, and how many match. */
  find(query: string, most: number): { hits: Token[]; total: number } {
    return findTokens(this.all, query, this.#rank, most)
  }

  /** Reads who there is; the first page is on screen before the others come. */
  async load(signal?: AbortSignal): Promise<void> {
    // Tried again by itself, what went wrong stays on screen until it is mended.
    if (this.all.length === 0 && this.phase !== 'error') this.phase = 'loading'
    try {
      await this.refreshRank(signal)
      let cursor: string | undefined
      do {
        const page = await this.rest().mints('created_desc', PAGE, cursor, signal)
        this.#take(await this.rest().details(page.mints, signal))
        this.phase = 'ready'
        cursor = page.next_cursor || undefined
      } while (cursor && this.all.length < MOST_TOKENS)
    } catch (error) {
      if (isAbort(error)) return
      this.error = reason(error)
      if (this.all.length === 0) this.phase = 'error'
    }
  }

  async refreshRank(signal?: AbortSignal): Promise<void> {
    const sort = RANKED[this.tab]
    if (!sort) return
    const { tab } = this
    const page = await this.rest().mints(sort, PAGE, undefined, signal)
    if (this.tab !== tab) return
    this.#rank = new Map(page.mints.map((mint, place) => [mint, place]))
    const unknown = page.mints.filter((mint) => !this.#byMint.has(mint))
    if (unknown.length > 0) this.#take(await this.rest().details(unknown, signal))
  }

  setTab(tab: ListTab): void {
    if (this.tab === tab) return
    this.tab = tab
    this.refreshRank().catch(() => undefined)
  }

  /** Keeps these prices live whether or not their rows are on screen. */
  pin(mints: readonly string[]): void {
    this.#pinned = mints
    this.#watch()
  }

  /** Tells which rows are on screen. */
  see(mints: readonly string[]): void {
    this.#visible = mints
    this.#watch()
  }

  /** Asks again for figures that have grown old; a fresh token's picture and links also come in this way. */
  refreshVisible(): void {
    this.#watch()
    this.rest()
      .details(this.#wanted())
      .then(
        (details) => this.#take(details),
        () => undefined,
      )
  }

  onPrice(update: PriceUpdate): void {
    this.#prices.set(update.symbol, update)
    this.#frame.request()
  }

  onCreated(event: TokenCreatedEvent): void {
    if (this.#byMint.has(event.mint_account)) return
    const created = Math.floor(Date.parse(event.timestamp) / 1000) || 0
    this.#add(event.mint_account, event.name, event.symbol, created)
    this.all = [...this.#byMint.values()]
    // The rest of the record, once the server has it.
    this.rest()
      .details([event.mint_account])
      .then(
        (details) => this.#take(details),
        () => undefined,
      )
  }

  /** The token next to `mint` in the list, `step` rows away. */
  neighbour(mint: string, step: number): Token | undefined {
    const place = this.shown.findIndex((token) => token.mint === mint)
    const next = place < 0 ? 0 : Math.min(this.shown.length - 1, Math.max(0, place + step))
    return this.shown[next]
  }

  #list(): Token[] {
    const { query, favourites } = this
    let tokens: readonly Token[] = this.all
    if (this.tab === 'favourites' && !query) tokens = tokens.filter((token) => favourites.includes(token.mint))
    if (query) tokens = tokens.filter((token) => matches(token, query))
    return byRank(tokens, this.tab === 'new' ? new Map() : this.#rank)
  }

  #take(details: readonly Detail[]): void {
    let grew = false
    for (const detail of details) {
      let token = this.#byMint.get(detail.mint_account)
      if (!token) {
        const created = Math.floor((detail.create_timestamp ?? 0) / 1000)
        token = this.#add(detail.mint_account, detail.name, detail.symbol, created)
        grew = true
      }
      token.detail = detail
      if (!Number.isFinite(token.price) && detail.price_exact) {
        token.price = Number(detail.price_exact)
        token.exact = detail.price_exact
      }
      token.lastTrade = Math.max(token.lastTrade, (detail.latest_trade_time ?? 0) / 1000)
    }
    if (grew) this.all = [...this.#byMint.values()]
  }

  #add(mint: string, name: string | null, symbol: string | null, created: number): Token {
    const shortName = cleanName(symbol ?? '', shortAddress(mint), 12)
    const token = new Token(mint, cleanName(name ?? '', shortName), shortName, created)
    this.#byMint.set(mint, token)
    return token
  }

  #wanted(): string[] {
    return [...new Set([...this.#pinned, ...this.#visible])].slice(0, MOST_PRICES)
  }

  #watch(): void {
    const wanted = this.#wanted()
    this.stream().watchPrices(wanted)
    const old = Date.now() - INSIGHT_MS
    this.#queue = wanted.filter((mint) => (this.#byMint.get(mint)?.read ?? Infinity) < old)
    while (this.#fetching < FETCHES && this.#queue.length > 0) void this.#fetchNext()
  }

  /** Reads a day of candles for one row: its changes, its line and what was traded. */
  async #fetchNext(): Promise<void> {
    const token = this.#byMint.get(this.#queue.shift() ?? '')
    if (!token) return
    this.#fetching++
    token.read = Date.now()
    try {
      const to = Math.floor(this.clock.read())
      const from = to - DAY
      const [day, hour] = await Promise.all([
        this.rest().klines(token.mint, 'm5', { limit: DAY / 300, from }),
        this.rest().klines(token.mint, 'm1', { limit: 61, from: to - SPAN_SECONDS.h1 }),
      ])
      const [candles, minutes] = [day.klines.toReversed(), hour.klines.toReversed()]
      const first = candles[0]
      const close = candles.at(-1)?.close
      token.bases = {
        m5: baseAt(minutes, to - SPAN_SECONDS.m5, close),
        h1: baseAt(minutes, to - SPAN_SECONDS.h1, close),
        h24: first ? { price: first.open, since: first.time } : null,
      }
      token.volume = candles.reduce((sum, candle) => sum + candle.quote_volume, 0)
      token.trades = candles.reduce((sum, candle) => sum + candle.trades, 0)
      token.spark = sparkPoints(candles, first?.time ?? from, to)
      if (close !== undefined && !Number.isFinite(token.price)) token.price = close
    } catch {
      token.read = 0
    } finally {
      this.#fetching--
      if (this.#queue.length > 0 && token.read > 0) void this.#fetchNext()
    }
  }

  #flush(): void {
    for (const [mint, update] of this.#prices) {
      const token = this.#byMint.get(mint)
      if (!token) continue
      token.price = update.price
      token.exact = update.price_exact
      token.lastTrade = Math.max(token.lastTrade, update.timestamp)
      this.clock.observe(update.timestamp)
    }
    this.#prices.clear()
  }
}
