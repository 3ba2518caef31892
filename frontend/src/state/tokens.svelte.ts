import { isAbort, type Rest, type TickerSort, type Window } from '../api/rest'
import type { Detail, PriceUpdate, Ticker, TokenCreatedEvent } from '../api/client/index'
import type { Stream } from '../api/stream'
import { addressIn } from '../market/address'
import { filterQuery, filters, type ListFilter, NO_FILTER } from '../market/list-filter'
import { type ListSort, sortCoins } from '../market/list-sort'
import { FIRST_PROGRAM, programFacts } from '../market/program'
import { type Quote, quoteOf, SOL } from '../market/quote'
import {
  byRank,
  type ChangeSpan,
  cleanName,
  findTokens,
  type ListTab,
  matches,
  type Move,
  moveFrom,
  shortAddress,
  type TokenFacts,
} from '../market/token'
import type { Clock } from './clock.svelte'
import { onFrame } from './frame'
import { reason } from './reason'

const PAGE = 1000
const MAX_TOKENS = 10_000
/** So many are ranked; the others follow by age. */
const MAX_RANKED = 500
/** The server answers for so many coins at once. */
const MAX_ASKED = 100
/** The server allows 50 subscriptions a client; four charts, the tape, alerts and token events take some. */
const MAX_PRICES = 38
/** Figures older than this are read again when somebody looks. */
const INSIGHT_MS = 14_000

const RANKED: Partial<Record<ListTab, TickerSort>> = {
  top: 'quote_volume_desc',
  active: 'last_trade_desc',
  gainers: 'change_desc',
  losers: 'change_asc',
}

/** Whether an order of the list goes by the change over the window shown. */
const moves = (tab: ListTab) => tab === 'gainers' || tab === 'losers'

/** A link to a page about a coin stands for its address. */
const searchedFor = (query: string) => addressIn(query) || query

/** One token of the list; only what changes is reactive. */
export class Token implements TokenFacts {
  name = $state('')
  symbol = $state('')
  created = $state(0)
  /** Whether its name is known; else it is called by its address, shortened. */
  named = $state(false)
  price = $state(NaN)
  /** The same with every digit, as told last. */
  exact = $state('')
  /** Unix seconds of the last trade; 0 when there was none. */
  lastTrade = $state(0)
  /** What it did lately, as of the last look; null while not known. */
  ticker = $state.raw<Ticker | null>(null)
  detail = $state.raw<Detail | null>(null)
  /** The change of the last 24 h. */
  move: Move | null = $derived(this.moved('h24'))
  /** When the ticker and its line were read, in milliseconds. */
  read = 0

  constructor(readonly mint: string) {
    this.describe(null, null, 0)
  }

  /** Says what it is called and when it was created; nulls and 0 while that is not known. */
  describe(name: string | null, symbol: string | null, created: number): void {
    this.named = symbol !== null
    this.symbol = cleanName(symbol ?? '', shortAddress(this.mint), 12)
    this.name = cleanName(name ?? '', this.symbol)
    this.created = created
  }

  /** What it is paid in; SOL while not known. */
  get quote(): Quote {
    return quoteOf(this.detail) ?? quoteOf(this.ticker) ?? SOL
  }

  /** The program that it is traded on now. */
  get program(): string {
    return this.ticker?.program ?? this.detail?.program ?? FIRST_PROGRAM
  }

  /** Whether it has margin orders. */
  get margin(): boolean {
    return programFacts(this.program).margin
  }

  /** Whole tokens there are; NaN while not known. */
  get supply(): number {
    const { supply, decimals } = (this.detail?.supply === undefined ? this.ticker : this.detail) ?? {}
    return supply === undefined ? NaN : Number(supply) / 10 ** (decimals ?? 0)
  }

  /** Price times supply, whole units of its quote; NaN while not known. */
  get marketCap(): number {
    return this.supply * this.price
  }

  /** What was paid for it in the last 24 h, whole units of its quote; NaN while not known. */
  get volume(): number {
    return this.ticker?.h24?.quote_volume ?? NaN
  }

  /** Trades in the last 24 h; NaN while not known. */
  get trades(): number {
    return this.ticker?.h24?.trades ?? NaN
  }

  /** How much of its curve is sold, 0 to 1; NaN for a coin that does not graduate, and while that is not known. */
  get sold(): number {
    return this.ticker?.progress ?? NaN
  }

  get spark(): readonly number[] {
    return this.ticker?.spark ?? []
  }

  /** How the price has moved; null when it is not known, or nothing was traded for a day. */
  moved(span: ChangeSpan): Move | null {
    return this.ticker?.h24?.trades ? moveFrom(this.ticker[span], this.price) : null
  }

  /** Takes over what it did lately. A ranking tells no line and no progress: the last ones stay. */
  take(ticker: Ticker): void {
    if (!this.named) this.describe(ticker.name, ticker.symbol, 0)
    const { spark, progress } = this.ticker ?? {}
    this.ticker = ticker.spark || !spark ? ticker : { ...ticker, spark, ...(progress !== undefined && { progress }) }
    this.#takePrice(ticker.price_exact, ticker.last_trade_time ?? 0)
  }

  takeDetail(detail: Detail): void {
    // A name may be known before the creation is, which changes nothing of it then.
    const known = this.detail?.symbol === detail.symbol && this.detail?.create_timestamp === detail.create_timestamp
    if (detail.symbol !== null && !known) {
      this.describe(detail.name, detail.symbol, Math.floor((detail.create_timestamp ?? 0) / 1000))
    }
    this.detail = detail
    this.#takePrice(detail.price_exact, (detail.latest_trade_time ?? 0) / 1000)
  }

  /** Within a second, what was pushed is newer than what was asked for. */
  #takePrice(exact: string | null, time: number): void {
    if (!exact || (Number.isFinite(this.price) && time <= this.lastTrade)) return
    this.price = Number(exact)
    this.exact = exact
    this.lastTrade = time
  }
}

export type ListPhase = 'loading' | 'ready' | 'error'

/** The token list: who there is, in which order, and what the visible ones cost. */
export class TokenList {
  all = $state.raw<Token[]>([])
  query = $state('')
  /** Only coins of this program are listed; empty: of all. */
  program = $state('')
  /** Only coins that it takes are listed, which the server chooses among those that traded for a day; the starred ones always are. */
  filter = $state.raw<ListFilter>(NO_FILTER)
  filtered: boolean = $derived(filters(this.filter))
  tab = $state<ListTab>('top')
  /** What the list is sorted by, by the server in the whole market; empty: as the tab says. The starred ones are all known here. */
  sort = $state<ListSort | ''>('')
  span: ChangeSpan = 'h24'
  phase = $state<ListPhase>('loading')
  error = $state('')
  favourites = $state.raw<readonly string[]>([])
  #rank = $state.raw<ReadonlyMap<string, number>>(new Map())
  /** A ranking that came while the order was held. */
  #later: ReadonlyMap<string, number> | null = null
  #held = false
  /** What the order stands for: tab and window. */
  #ranked = ''
  /** As listed: by tab, search and rank. */
  shown: Token[] = $derived.by(() => this.#list())

  /** Whether the order has more coins than are listed. */
  cut: boolean = $derived(this.#rank.size >= MAX_RANKED)
  /** The programs of the list, in the order of their names. */
  programs: string[] = $derived([...new Set(this.all.map((token) => token.program))].sort())
  /** Whether the coins of the list are paid in several things, so that amounts say what they are of. */
  severalQuotes = $derived(new Set(this.all.map((token) => token.quote.symbol)).size > 1)

  /** Hears of tokens that came into the list. */
  listed: () => void = () => undefined
  #byMint = new Map<string, Token>()
  #visible: readonly string[] = []
  #pinned: readonly string[] = []
  #looking = false
  #prices = new Map<string, PriceUpdate>()
  #frame = onFrame(() => this.#flush())

  constructor(
    private readonly rest: () => Rest,
    private readonly stream: () => Stream,
    private readonly clock: Clock,
  ) {}

  /** Whoever asks in a view hears of it too when the token comes in later. */
  get(mint: string): Token | undefined {
    void this.all
    return this.#byMint.get(mint)
  }

  /** What a token is paid in; SOL while it is not listed. */
  quote(mint: string): Quote {
    return this.get(mint)?.quote ?? SOL
  }

  /** Whether a token has margin orders; one that is not listed may. */
  hasMargin(mint: string): boolean {
    return this.get(mint)?.margin ?? true
  }

  /** Tokens of the whole list for a query, the likeliest first, and how many match. */
  find(query: string, most: number): { hits: Token[]; total: number } {
    return findTokens(this.all, searchedFor(query), this.#rank, most)
  }

  /** Reads who there is; the first page is on screen before the others come. */
  async load(signal?: AbortSignal): Promise<void> {
    // Tried again by itself, what went wrong stays on screen until it is mended.
    if (this.all.length === 0 && this.phase !== 'error') this.phase = 'loading'
    try {
      // Without a ranking the list stands by age until one comes.
      await this.refreshRank(signal).catch(() => undefined)
      let cursor: string | undefined
      do {
        const page = await this.rest().mints('created_desc', PAGE, cursor, signal)
        this.#take(await this.rest().details(page.mints, signal))
        this.phase = 'ready'
        cursor = page.next_cursor || undefined
      } while (cursor && this.all.length < MAX_TOKENS)
    } catch (error) {
      if (isAbort(error)) return
      this.error = reason(error)
      if (this.all.length === 0) this.phase = 'error'
    }
  }

  async refreshRank(signal?: AbortSignal): Promise<void> {
    const { tab, span, filter, program } = this
    if (tab === 'favourites') return this.#lookAtStarred(signal)
    const own = this.sort
    const sort = own || RANKED[tab] || (this.#chosen() ? 'last_trade_desc' : null)
    if (!sort) return
    const window: Window = sort.startsWith('change') ? span : 'h24'
    const chosen = { ...(this.#chosen() && filterQuery(filter)), ...(program && { program }) }
    const ranking = await this.rest().ranking(sort, window, MAX_RANKED, signal, chosen)
    if (this.tab !== tab || this.span !== span || this.filter !== filter || this.sort !== own) return
    if (this.program !== program) return
    this.#later = new Map(ranking.map((ticker, place) => [ticker.mint, place]))
    const ranked = JSON.stringify([tab, sort, span, chosen])
    if (!this.#held || this.#ranked !== ranked) this.#reorder()
    this.#ranked = ranked
    const unknown = ranking.filter((ticker) => !this.#byMint.has(ticker.mint)).map((ticker) => ticker.mint)
    this.#takeTickers(ranking)
    if (unknown.length > 0) this.#take(await this.rest().details(unknown, signal))
  }

  /** What the starred coins are sorted by is read of all of them. */
  async #lookAtStarred(signal?: AbortSignal): Promise<void> {
    for (let from = 0; this.sort && from < this.favourites.length; from += MAX_ASKED)
      this.#takeTickers(await this.rest().tickers(this.favourites.slice(from, from + MAX_ASKED), signal))
  }

  /** Keeps rows from moving under the pointer; a ranking that comes meanwhile waits. */
  hold(held: boolean): void {
    this.#held = held
    if (!held) this.#reorder()
  }

  #reorder(): void {
    if (this.#later) this.#rank = this.#later
    this.#later = null
  }

  setTab(tab: ListTab): void {
    if (this.tab === tab && !this.sort) return
    this.tab = tab
    this.setSort('')
  }

  /** Sorts the list; empty: as the tab does. */
  setSort(sort: ListSort | ''): void {
    this.sort = sort
    this.refreshRank().catch(() => undefined)
  }

  /** Lists the coins of one program only; of all, if it is empty. */
  setProgram(program: string): void {
    this.program = program
    this.refreshRank().catch(() => undefined)
  }

  /** Lists the coins that a filter takes, once the server has told which they are. */
  setFilter(filter: ListFilter): void {
    this.filter = filter
    this.refreshRank().catch(() => undefined)
  }

  /** Whether the order shown is of coins that the filter chooses. */
  #chosen(): boolean {
    return this.filtered && this.tab !== 'favourites'
  }

  /** Over which window gainers and losers are ranked. */
  setSpan(span: ChangeSpan): void {
    this.span = span
    if (moves(this.tab) || this.sort.startsWith('change')) this.refreshRank().catch(() => undefined)
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
    void this.look(this.#wanted())
  }

  /** Takes some tokens into the list, if the server knows them by now. */
  async look(mints: readonly string[]): Promise<void> {
    try {
      this.#take(await this.rest().details(mints))
    } catch {
      // Whoever wants them asks again.
    }
  }

  onPrice(update: PriceUpdate): void {
    this.#prices.set(update.symbol, update)
    this.#frame.request()
  }

  onCreated(event: TokenCreatedEvent): void {
    if (this.#byMint.has(event.mint_account)) return
    const created = Math.floor(Date.parse(event.timestamp) / 1000) || 0
    this.#token(event.mint_account).describe(event.name, event.symbol, created)
    this.all = [...this.#byMint.values()]
    // The rest of the record, once the server has it.
    void this.look([event.mint_account])
  }

  /** The token next to `mint` in the list, `step` rows away. */
  neighbour(mint: string, step: number): Token | undefined {
    const place = this.shown.findIndex((token) => token.mint === mint)
    const next = place < 0 ? 0 : Math.min(this.shown.length - 1, Math.max(0, place + step))
    return this.shown[next]
  }

  #list(): Token[] {
    const { favourites } = this
    const query = searchedFor(this.query)
    let tokens: readonly Token[] = this.all
    if (this.program) tokens = tokens.filter((token) => token.program === this.program)
    const rank = this.#rank
    if (query) tokens = tokens.filter((token) => matches(token, query))
    else if (this.tab === 'favourites') tokens = tokens.filter((token) => favourites.includes(token.mint))
    else if (this.sort || moves(this.tab) || this.#chosen()) tokens = tokens.filter((token) => rank.has(token.mint))
    if (this.sort && this.tab === 'favourites')
      return sortCoins(tokens, this.sort, (token) => token.moved(this.span)?.fraction ?? 0)
    return byRank(tokens, this.tab === 'new' && !this.sort ? new Map() : rank)
  }

  #take(details: readonly Detail[]): void {
    this.#grow(details, (detail) => this.#token(detail.mint_account).takeDetail(detail))
  }

  /** Takes over what was read of some tokens elsewhere. */
  takeBoth(tickers: readonly Ticker[], details: readonly Detail[]): void {
    this.#takeTickers(tickers)
    this.#take(details)
  }

  #takeTickers(tickers: readonly Ticker[]): void {
    this.#grow(tickers, (ticker) => this.#token(ticker.mint).take(ticker))
  }

  /** Takes each, and lists those who are new. */
  #grow<T>(list: readonly T[], take: (one: T) => void): void {
    const before = this.#byMint.size
    for (const one of list) take(one)
    if (this.#byMint.size === before) return
    this.all = [...this.#byMint.values()]
    this.listed()
  }

  /** The token of a mint, new if it was not known. */
  #token(mint: string): Token {
    const token = this.#byMint.get(mint) ?? new Token(mint)
    this.#byMint.set(mint, token)
    return token
  }

  #wanted(): string[] {
    return [...new Set([...this.#pinned, ...this.#visible])].slice(0, MAX_PRICES)
  }

  #watch(): void {
    this.stream().watchPrices(this.#wanted())
    void this.#look()
  }

  /** Reads what the tokens in sight did lately, unless it has just done so. */
  async #look(): Promise<void> {
    if (this.#looking) return
    const since = Date.now() - INSIGHT_MS
    const old = this.#wanted().filter((mint) => (this.#byMint.get(mint)?.read ?? Infinity) < since)
    if (old.length === 0) return
    this.#looking = true
    for (const mint of old) this.#seen(mint, Date.now())
    try {
      this.#takeTickers(await this.rest().tickers(old))
    } catch {
      // The next look tries again.
      for (const mint of old) this.#seen(mint, 0)
      return
    } finally {
      this.#looking = false
    }
    // What came into sight meanwhile.
    void this.#look()
  }

  #seen(mint: string, time: number): void {
    const token = this.#byMint.get(mint)
    if (token) token.read = time
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
