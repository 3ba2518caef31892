// Generated from backend/wire by `make gen`. Do not edit.

/** AlertRule says when an alert fires. The members that a kind has no use for are left out; docs/alerts.md has the kinds. */
export interface AlertRule {
  /** 1 to 64 letters, digits, - and _ */
  id: string
  kind: 'price_above' | 'price_below' | 'market_cap_above' | 'market_cap_below' | 'line_above' | 'line_below' | 'percent_move' | 'liquidation' | 'new_token' | 'volume_spike' | 'wallet_trade' | 'connection_lost'
  /** Mint; left out for all mints where the kind allows it */
  symbol?: string
  /** SOL per whole token, exact decimal: price_above, price_below */
  price?: string
  /** Price × supply in what the coin is paid in, exact decimal with at most 9 decimals: market_cap_above, market_cap_below */
  market_cap?: string
  /** Where the line begins, Unix seconds: line_above, line_below */
  from_time?: number
  /** The line's price there, exact decimal as price */
  from_price?: string
  /** A later point of the line, Unix seconds; without ray it ends there */
  to_time?: number
  /** The line's price there */
  to_price?: string
  /** The line goes on beyond its second point */
  ray?: boolean
  /** percent_move; both when left out */
  direction?: 'up' | 'down' | 'both'
  /** percent_move: 0.01 to 1000000, in steps of 0.01 */
  percent?: number
  /** percent_move, volume_spike: 10 to 86400 */
  window_seconds?: number
  /** volume_spike: 1.01 to 1000000, in steps of 0.01 */
  factor?: number
  /** wallet_trade: the wallet's address */
  wallet?: string
  /** liquidation: least size of the order, SOL, exact decimal */
  min_size?: string
  /** The rule is done after it fired */
  once?: boolean
  /** The rule does not fire */
  muted?: boolean
  /** A rule with once that has fired; only in answers */
  spent?: boolean
  /** A rule by market cap of a coin whose supply is not known: it waits until it is; only in answers */
  supply_unknown?: boolean
  /** Unix milliseconds; what happened before does not fire. 0 when saving: now */
  created_at: number
}

/** Alert is a rule that fired. */
export interface Alert {
  /** The same for the same rule and event, always */
  id: string
  /** The rule's id */
  rule: string
  kind: 'price_above' | 'price_below' | 'market_cap_above' | 'market_cap_below' | 'line_above' | 'line_below' | 'percent_move' | 'liquidation' | 'new_token' | 'volume_spike' | 'wallet_trade' | 'connection_lost'
  /** Mint; empty for connection_lost */
  symbol: string
  /** One line of plain text */
  message: string
  /** What was measured: price, market cap or size in SOL, percent (negative when down), times the average, seconds without connection; 0 for new_token */
  value: number
  /** The same as a decimal string; empty when not known */
  value_exact: string
  /** Block time, Unix milliseconds; of connection_lost this machine's time */
  timestamp: number
  /** The commit with the event; never goes back from one alert to the next */
  seq: number
  /** 0 for connection_lost */
  slot: number
  /** Of the event's transaction; empty for connection_lost */
  signature: string
  /** It happened more than a minute before it was seen: listed and pushed, but not notified */
  late: boolean
}

/** Alerts answers /api/alerts. */
export interface Alerts extends Paging {
  /** All rules, in the order of the file */
  rules: AlertRule[]
  /** Newest first */
  alerts: Alert[]
}

/** Clock answers /api/time. */
export interface Clock {
  /** Unix seconds */
  timestamp: number
  /** 2006-01-02 15:04:05 UTC */
  utc: string
  /** The same in the server's zone, with the zone's name */
  local: string
  /** With fractions of a second and offset */
  iso8601: string
}

/** Backfill is how far reading history from the chain has come. */
export interface Backfill {
  running: boolean
  /** Transactions read */
  done: number
  /** Transactions to read, as far as known */
  total: number
  /** 0 when unknown */
  eta_seconds: number
}

/** FollowedProgram is a program of which all coins are kept, live only, or that is off. */
export interface FollowedProgram {
  program: string
  /** live: what happens is told; waiting: the connection is being made; refused: the endpoint does not tell of it, message says why; off: nothing of it is read, as the configuration says */
  state: 'waiting' | 'live' | 'refused' | 'off'
  /** Up to here everything was told, but for its gaps; 0 of one that is off */
  slot: number
  /** Why it is refused, or what failed last; else empty */
  message: string
}

/** Status answers /api/events/status. */
export interface Status {
  is_running: boolean
  /** Block time of the newest event, Unix seconds; null before the first */
  last_event_time: number | null
  /** Stored events; survives restarts */
  total_events_processed: number
  connection_status: string
  program_id: string
  /** demo is a simulated market inside this program, replay recorded events played again */
  cluster: string
  /** Without secrets */
  endpoint: string
  /** Newest slot known */
  slot: number
  lag_slots: number
  /** Candles that end by it are final; Unix seconds */
  chain_time: number
  /** The store's commit number */
  seq: number
  /** Identity of the store that seqs are of: another one when it was made anew */
  store?: string
  last_error: string
  /** Failed connections and requests since the start */
  failures: number
  backfill: Backfill
  /** Programs of which no event could be read for ten minutes of chain time: their layouts must have changed. Left out: none */
  unreadable_programs?: string[]
  /** Programs of which all coins are kept, live only, and those that are off. Left out: none */
  followed_programs?: FollowedProgram[]
  /** A newer version than the one that runs, as the publisher signed it. Left out: none is known, or nobody is asked (updates.url) */
  newer?: Newer
  /** Among the servers that share this market over a bus. Left out: there is no bus */
  node?: Node
}

/** Newer is a published version that is newer than the one that runs. */
export interface Newer {
  /** By Semantic Versioning, such as 0.2.0 */
  version: string
  /** The version that runs */
  running: string
  /** https address of what a person reads about it */
  page: string
}

/** EventStats answers /api/events/stats: stored events by kind. */
export interface EventStats {
  token_created: number
  buy_sell: number
  long_short: number
  force_liquidate: number
  full_close: number
  partial_close: number
  milestone_discount: number
  total: number
}

/** DBStats answers /api/events/db-stats. */
export interface DBStats {
  /** Keys and small values on disk */
  lsm_bytes: number
  /** Large values on disk */
  value_log_bytes: number
  total_bytes: number
  /** Entries by kind of record */
  keys: Record<string, number>
  seq: number
}

/** Events answers /api/events. */
export interface Events extends Paging {
  events: Event[]
  /** Where the next request goes on; left out: there is nothing further back */
  next_cursor?: string
  /** Block time of the last event that was looked at, Unix seconds */
  reached?: number
  /** Commit that the answer stands at */
  seq?: number
  /** Identity of the store that seq is of */
  store?: string
}

/** Mints answers /api/mints. */
export interface Mints extends Paging {
  /** Addresses */
  mints: string[]
  /** Give it as cursor for the next page; null at the end */
  next_cursor: string | null
  sort_by: string
}

/** Details answers /api/details. Unknown mints are left out. */
export interface Details {
  details: Detail[]
  total: number
}

/** MintOrders answers /api/mint_orders. */
export interface MintOrders extends Paging {
  orders: Order[]
  order_type: 'up_orders' | 'down_orders'
  mint_account: string
}

/** UserOrders answers /api/user_orders. */
export interface UserOrders extends Paging {
  orders: Order[]
  user: string
  /** The mint asked for, or null */
  mint_account: string | null
}

/** UserTransaction is one event of a user. */
export interface UserTransaction {
  event_type: string
  /** The order's owner for closes and liquidations */
  user: string
  mint_account: string
  slot: number
  /** Block time, Unix seconds */
  timestamp: number
  signature: string
  event_data: Event
}

/** UserEvents answers /api/user_event. */
export interface UserEvents extends Paging {
  transactions: UserTransaction[]
  user: string
  /** The mint asked for, or null */
  mint_account: string | null
}

/** Klines answers /api/kline. */
export interface Klines extends Paging {
  klines: Candle[]
  interval: string
  mint_account: string
  /** The commit the answer stands at; live pushes after it have a higher one */
  seq: number
  /** Identity of the store that seq is of */
  store?: string
}

/** Gap is a stretch of slots that may hold what was not read from the chain. */
export interface Gap {
  from_slot: number
  /** Inclusive */
  to_slot: number
  cause: string
  state: 'open' | 'filled' | 'unfillable'
  /** Absent: the whole program */
  mint?: string
  /** Of a coin that is followed by its own addresses: the one whose transactions may be missing */
  address?: string
  /** The commit that last changed it */
  seq: number
}

/** Gaps answers /api/gaps. */
export interface Gaps {
  gaps: Gap[]
  total: number
}

/**
 * Candle is a candle on the wire. Prices are SOL, or what else the coin is paid in, per whole token, volumes whole units of
 * both, each the float64 nearest to the exact value.
 */
export interface Candle {
  /** Bucket start, Unix seconds */
  time: number
  /** SOL per whole token; the previous candle's close */
  open: number
  /** SOL per whole token */
  high: number
  /** SOL per whole token */
  low: number
  /** SOL per whole token */
  close: number
  /** Whole tokens traded */
  volume: number
  /** SOL traded */
  quote_volume: number
  /** Price events in the bucket */
  trades: number
  /** Whole tokens bought by takers */
  buy_volume: number
  /** Chain time has passed the bucket's end */
  is_final: boolean
  /** Why it was sent; history has realtime and final only, see corrected */
  update_type: 'realtime' | 'final' | 'correction'
  /** The same as trades */
  update_count: number
  /** Holds an event whose block time is an estimate */
  provisional?: boolean
  /** Was final once and has changed since */
  corrected?: boolean
}

/** Sum is a total of 64-bit amounts: a JSON number up to 2^53, a decimal string above. */
export type Sum = number | string

/** URIData is what a token's uri says of it. */
export interface URIData {
  name: string | null
  symbol: string | null
  description: string | null
  image: string | null
  showName: boolean | null
  createdOn: string | null
  twitter: string | null
  website: string | null
  telegram: string | null
}

/**
 * Detail is everything known of a mint. Fields from its creation are null until its TokenCreated was seen, but for what the
 * mint's accounts say (Add).
 */
export interface Detail extends Pair, MintFacts {
  mint_account: string
  payer: string | null
  curve_account: string | null
  pool_token_account: string | null
  pool_sol_account: string | null
  fee_recipient: string | null
  base_fee_recipient: string | null
  params_account: string | null
  name: string | null
  symbol: string | null
  uri: string | null
  /** Of 100000, as of the last discount */
  swap_fee: number | null
  /** Of 100000, as of the last discount */
  borrow_fee: number | null
  /** 0 full, 1 half, 2 a quarter, 3 an eighth */
  fee_discount_flag: number | null
  /** Unix milliseconds */
  create_timestamp: number | null
  /** SOL per whole token × 10^28; null before the first trade */
  latest_price: string | null
  /** latest_price in SOL per whole token, every digit */
  price_exact: string | null
  /** Unix milliseconds */
  latest_trade_time: number | null
  /** Lamports traded */
  total_sol_amount: Sum
  /** Lamports of margin put up */
  total_margin_sol_amount: Sum
  total_force_liquidations: number
  /** Lamports */
  total_close_profit: Sum
  total_trades: number
  created_by: string | null
  /** Block time of the last event, Unix milliseconds */
  last_updated_at: number | null
  /** Null until it was fetched */
  uri_data: URIData | null
}

/** Envelope wraps every REST answer. On failure data is null and message says what was wrong. */
export interface Envelope<T> {
  success: boolean
  data: T
  message: string
}

/** Paging says where a page stands. Pages count from the ordered end, the first is 1. */
export interface Paging {
  total: number
  page: number
  limit: number
  has_next: boolean
  has_prev: boolean
}

/** Raw is JSON that is already encoded. */
export type Raw = unknown

/**
 * Event is one event on the wire: the layout's fields flat, with event_type, signature, slot, ordinal and timestamp, the
 * order that a liquidation ended where it is known, price_exact where the kind has a price, seq where Seq is set and provisional where the block time is an estimate.
 * The shapes are those of the programs (program.Shaped).
 */
export type Event = TradeEvent | CreateEvent | GraduatedEvent | PostCompleteBuyEvent | MigrationEvent | TokenCreatedEvent | BuySellEvent | LongShortEvent | FullCloseEvent | PartialCloseEvent | ForceLiquidateEvent | MilestoneDiscountEvent

/** ExportDays answers /api/export/days. */
export interface ExportDays {
  /** Identity of the store that every seq is of */
  store: string
  /** Every commit up to it is in what is downloaded from now on */
  seq: number
  /** Block time, Unix seconds, below which the store deletes; 0 when it keeps everything */
  horizon: number
  /** All days that can have rows are named; otherwise those that commits after since_seq changed */
  whole: boolean
  /** The first second of each day (UTC), ascending */
  days: number[]
  /** By which supplies the market caps of the days are, where they are asked for */
  market_cap?: ExportSupplies
}

/**
 * ExportSupplies says by which supplies the market caps of an export are counted. It is also the header Spinscope-Supplies and
 * what a manifest has under market_cap.
 */
export interface ExportSupplies {
  /** Coins whose supply is what their mint's account says */
  accounts: number
  /** Coins whose supply is that of their creation's event */
  creations: number
  /** Coins whose supply is not known: their rows have no market cap */
  unknown: number
  /** When the first of the accounts was read, Unix seconds by the server's clock; left out: none was */
  read_from?: number
  /** When the last of the accounts was read, likewise */
  read_to?: number
}

/** Endpoint is how one access point of the cluster does. Counts are since the start. */
export interface Endpoint {
  /** Scheme and host: keys in paths and queries are cut off */
  name: string
  state: 'standby' | 'connecting' | 'catching_up' | 'connected' | 'down'
  in_use: boolean
  /** Of the last answer to a question for the newest slot; 0 before the first */
  latency_ms: number
  /** Newest slot it told of; 0 when unknown */
  slot: number
  /** Slots that what is stored is behind it; null when it is not in use */
  lag_slots: number | null
  /** When it last answered, Unix milliseconds; 0 before the first time */
  seen_at: number
  /** Requests that failed or were refused, sockets that could not be opened */
  errors: number
  /** Connections that had been live and were lost */
  reconnects: number
  /** Stays after the trouble is over */
  last_error: string
  /** Unix milliseconds; 0 for none */
  last_error_at: number
}

/** Endpoints answers /api/endpoints: the preferred one first. */
export interface Endpoints {
  endpoints: Endpoint[]
  total: number
}

/** LogAttr is a key of a log record with its value as text. */
export interface LogAttr {
  key: string
  value: string
}

/** LogRecord is one line of the server's log. */
export interface LogRecord {
  /** Counts up by one, from 1 */
  seq: number
  /** Unix milliseconds, of the server's clock */
  time: number
  level: 'debug' | 'info' | 'warn' | 'error'
  message: string
  attrs: LogAttr[]
}

/** Log answers /api/log. */
export interface Log {
  /** Oldest first */
  records: LogRecord[]
  /** Number of the oldest record still kept, of any level; 0 for none */
  oldest: number
  /** Number of the newest record */
  newest: number
}

/** IntervalInfo is a length that candles may have, and whether this server has candles of it. */
export interface IntervalInfo {
  /** Its name, such as m1 */
  interval: string
  seconds: number
  /** A time at which a candle begins, Unix seconds; 0 for all but weeks, which begin on Monday */
  origin: number
  /** This server answers and pushes its candles */
  kept: boolean
  /** The interval whose candles are stored in the place of its own; empty when its own are, or when it is not kept */
  merged_from: string
}

/** Intervals answers /api/intervals: all that there are, shortest first. */
export interface Intervals {
  intervals: IntervalInfo[]
  total: number
}

/**
 * Amount is an unsigned 64-bit integer of the chain: a JSON number up to 2^53, a decimal string above, where a float64
 * would lose digits.
 */
export type Amount = number | string

/** Signed is an amount of the chain with a sign: a JSON number up to 2^53 to either side of 0, a decimal string beyond. */
export type Signed = number | string

/** Liquidations answers /api/liquidations: what a price that moves meets, to either side. */
export interface Liquidations {
  mint_account: string
  /** Of the last trade, SOL per whole token; null before the first */
  price: number | null
  /** The same with every digit */
  price_exact: string | null
  /** Of 100000, as close_sol_amount counts it; null while the creation is not stored, and then it counts none */
  swap_fee: number | null
  /** Longs, which a falling price meets */
  down: LiquidationSide
  /** Shorts, which a rising price meets */
  up: LiquidationSide
}

/** LiquidationSide are the open orders of one side of the price, the nearest first. */
export interface LiquidationSide {
  /** The nearest; no more than limit */
  orders: LiquidationOrder[]
  /** How many there are in all */
  total: number
  /** Of them, those whose range the curve does not reach; they are in no sum, and not in orders */
  beyond: number
  /** The first to fall; null when there is none */
  next: LiquidationNext | null
  /** What falls with it; null when there is none */
  cascade: LiquidationCascade | null
}

/** LiquidationNext is the order that falls first. */
export interface LiquidationNext {
  /** SOL per whole token at which it falls */
  price: number
  /** From the price, as a fraction: -0.031 is 3.1 % below */
  distance: number
  /** Lamports that its closing trade moves */
  sol_amount: Amount
  /** Lamports that trades must move until it falls, fees not counted */
  needed_sol_amount: Amount
}

/** LiquidationCascade is what falls together with the first order, without any further trade. */
export interface LiquidationCascade {
  /** How many, the first included */
  orders: number
  /** Where the price comes to rest, SOL per whole token */
  price: number
  /** From the price, as a fraction */
  distance: number
  /** Lamports that their closing trades move */
  sol_amount: Sum
}

/** LiquidationOrder is an open order as the price stands. */
export interface LiquidationOrder extends Order {
  /** From the price to the start of its range, as a fraction: -0.031 is 3.1 % below; null without a price */
  distance: number | null
  /** Lamports that trades must move until it falls, fees not counted, nor what the orders before it move */
  needed_sol_amount: Amount
  /** Lamports that the closing trades of this order and of those before it move */
  total_sol_amount: Sum
  /** Token base units likewise */
  total_token_amount: Sum
  /** From 0; orders of one group fall together, without a further trade */
  group: number
  /** SOL per whole token on average, of what opening it traded and is not closed; fees not counted */
  entry_price: number | null
  /** What opening it moved, as far as it is not closed, by the margin; null without margin */
  leverage: number | null
  /** Lamports that its owner would be given back if it were closed now, after the swap fee; what borrowing costs is not counted, nor liquidations on the way of its trade */
  close_sol_amount: Amount | null
  /** The same less the margin */
  profit_sol_amount: Signed | null
}

/** Mark is what happened in one candle, of one kind and side. */
export interface Mark {
  /** Bucket start, Unix seconds */
  time: number
  kind: 'liquidation' | 'large_trade' | 'graduation'
  /** Of liquidated orders long, short or, of those opened before the stored history, unknown; of large trades buy or sell; of graduations none */
  side: 'long' | 'short' | 'unknown' | 'buy' | 'sell' | 'none'
  /** Orders, trades or graduations */
  count: number
  /** Whole tokens that opening the orders moved, as far as they were not closed since, or that were traded; null when unknown, and of graduations */
  volume: number | null
  /** The same in SOL */
  quote_volume: number | null
}

/** Marks answers /api/marks. */
export interface Marks {
  /** Newest candle first */
  marks: Mark[]
  /** Give it as cursor for the events further back; null when from is reached */
  next_cursor: string | null
  /** Candles that begin after this block time are told whole by now; from when next_cursor is null */
  reached: number
  interval: string
  mint_account: string
  /** The commit the answer stands at; events pushed after it have a higher one */
  seq: number
  /** Identity of the store that seq is of */
  store?: string
}

/** MintFacts are what is known of a coin's mint. Each is left out while it is not known. */
export interface MintFacts {
  /** chain: name and symbol (and uri) are what the mint's account says now, as its creation is not stored; left out: they are its creation's, or not known */
  name_source?: 'chain'
  /** How many there are, in 10^-decimals of a whole token: by the mint's account as of at most some hours ago, else by its creation */
  supply?: Amount
  /** Of supply */
  decimals?: number
  /** Price × supply, in whole units of what the coin is paid in */
  market_cap?: number
}

/** Node is how one of several servers that share a market stands among them. */
export interface Node {
  /** bus.node, or one made of the machine's name */
  name: string
  /** Whether it commits, will when the writer is gone, or serves a replica for good */
  role: 'writer' | 'standby' | 'edge'
  /** Why /readyz sends clients elsewhere; empty while nothing is wrong with the bus */
  trouble: string
  lag: NodeLag
  lease: NodeLease
  bus: NodeBus
}

/** NodeLag is what a node lacks. */
export interface NodeLag {
  /** That the log has and this node has not; of the writer, those that wait for the log */
  commits: number
  /** Since when; 0 while nothing is missing */
  seconds: number
}

/** NodeLease is who has the lease, as the node saw it last. */
export interface NodeLease {
  /** Name of the node that may write; empty: none, or not known yet */
  owner: string
  /** Since its newest sign of life; the lease goes after five. Null without an owner */
  age_seconds: number | null
}

/** NodeBus is the node's connection to the bus. */
export interface NodeBus {
  /** Name of the NATS server it is connected to; empty while none answers */
  server: string
  connected: boolean
}

/** Order is an open margin order. */
export interface Order {
  /** 1 long, 2 short */
  order_type: number
  mint: string
  user: string
  /** SOL per whole token × 10^price_decimals */
  lock_lp_start_price: string
  /** SOL per whole token × 10^price_decimals */
  lock_lp_end_price: string
  /** Lamports */
  lock_lp_sol_amount: Amount
  /** Token base units */
  lock_lp_token_amount: Amount
  /** Unix seconds */
  start_time: number
  /** Unix seconds */
  end_time: number
  /** Lamports */
  margin_sol_amount: Amount
  /** Lamports of a long, token base units of a short */
  borrow_amount: Amount
  /** Token base units of a long, lamports of a short */
  position_asset_amount: Amount
  /** Of 100000 */
  borrow_fee: number
  order_pda: string
  /** When the order last changed; SOL per whole token × 10^price_decimals */
  latest_price: string
  /** Unix milliseconds */
  latest_trade_time: number
  /** latest_price in SOL per whole token, every digit */
  price_exact: string
  price_decimals: number
  /** The token's; null when unknown */
  name: string | null
  /** The token's; null when unknown */
  symbol: string | null
  /** Where the token's metadata says its picture is, as in uri_data; this server's copy is at /api/image/{mint}; null when unknown */
  image: string | null
}

/**
 * Pair says where a coin is traded and what it is paid in. Coins of SpinPet, which are paid in SOL, have none of it: they are
 * what they were before there were others.
 */
export interface Pair {
  /** The program that it is traded on; left out: spinpet */
  program?: string
  /** The mint that prices and quote amounts are in; left out: SOL */
  quote_mint?: string
  /** What that mint is known as, or the ends of its address; left out: SOL */
  quote_symbol?: string
  /** Of amounts that are whole numbers; left out: 9 */
  quote_decimals?: number
}

/** Balance is a total with a sign: a JSON number up to 2^53 to either side of 0, a decimal string beyond. */
export type Balance = number | string

/** Holding is what one account's events on one coin come to. Amounts are base units; those of the quote are of what the coin is paid in. */
export interface Holding {
  /** Of the account on the coin, that were looked at */
  events: number
  /** Trades, margin orders' not counted */
  buys: number
  sells: number
  /** Block time of the oldest of these events, Unix seconds */
  first_time: number
  /** And of the newest */
  last_time: number
  /** Tokens bought and not sold, by the trades that were seen: what was sent from or to the account is in no event */
  held_amount: Sum
  /** Of the quote, paid for them; a sale takes its share of the cost with it (average cost), rounded down */
  cost_amount: Sum
  /** Cost per whole token that is held, fees not counted; null when none is */
  entry_price: number | null
  /** The same with every digit, rounded down */
  entry_price_exact: string | null
  /** Of the quote, what they are worth at the last price, rounded down; what selling would do to it is not counted; left out without a price */
  value_amount?: Sum
  /** value_amount less cost_amount; left out without a price */
  unrealised_amount?: Balance
  /** The same as a fraction of the cost: 0.25 is a quarter more; null without a cost */
  unrealised: number | null
  /** Of the quote: what sales brought less what the tokens sold had cost, and what margin orders won or lost; fee_amount is not taken off */
  realised_amount: Balance
  /** Tokens bought, ever */
  bought_amount: Sum
  /** Of the quote, for them */
  paid_amount: Sum
  /** Tokens sold, ever */
  sold_amount: Sum
  /** Of the quote, for them */
  received_amount: Sum
  /** Of the tokens sold, those that were not seen bought; they are in no profit */
  unmatched_amount: Sum
  /** Of the quote, what they brought */
  unmatched_quote_amount: Sum
  /** Of the quote, traded by everything, margin orders too */
  volume_amount: Sum
  /** Of the quote, fees as far as events tell them */
  fee_amount: Sum
  /** Trades whose events tell no fee, as all of SpinPet's */
  fees_unknown: number
  /** Of its margin orders; null when it had none */
  margin: MarginHoldings | null
}

/** MarginHoldings are what an account's margin orders on one coin come to. Amounts are base units of what the coin is paid in. */
export interface MarginHoldings {
  opened: number
  /** In whole or in part */
  closes: number
  liquidations: number
  /** Of closes and liquidations, those of orders that were opened before what was looked at: they are in no profit */
  unmatched: number
  /** Margin put up */
  put_amount: Sum
  /** Given back by closes, margin included */
  returned_amount: Sum
  /** What closes gave back less the margin they ended; a liquidation loses its margin */
  realised_amount: Balance
  open_orders: number
  /** Margin of the open orders */
  open_margin_amount: Sum
  /** What closing the open orders now would give back less their margin, as profit_sol_amount of /api/liquidations; left out when there are none, or it is not known of one of them */
  unrealised_amount?: Balance
}

/** WalletPosition is a wallet's position in one coin. */
export interface WalletPosition extends Pair, Holding {
  mint_account: string
  /** The coin's; null when unknown */
  name: string | null
  /** Likewise */
  symbol: string | null
  /** Of amounts of tokens */
  decimals: number
  /** Of the coin's last trade; null before the first */
  price: number | null
  /** The same with every digit */
  price_exact: string | null
  /** The wallet created the coin */
  creator: boolean
  /** Why something may lack, empty when nothing does but transfers. older: there are older events than were looked at; gaps: the stored history has gaps that may hold trades of the coin; history: the coin is older than the stored history */
  incomplete: ('older' | 'gaps' | 'history')[]
}

/** WalletTotal is what a wallet's positions in coins that are paid in one thing come to. */
export interface WalletTotal {
  quote_mint: string
  quote_symbol: string
  quote_decimals: number
  positions: number
  /** Of tokens held, in coins that have a price */
  value_amount: Sum
  /** Of all tokens held */
  cost_amount: Sum
  /** Of tokens held, in coins that have a price */
  unrealised_amount: Balance
  realised_amount: Balance
  volume_amount: Sum
  fee_amount: Sum
  fees_unknown: number
  open_orders: number
  open_margin_amount: Sum
}

/** Wallet answers /api/wallets/{address}. */
export interface Wallet extends Paging {
  address: string
  positions: WalletPosition[]
  /** Of all positions, not only of this page; one for each thing that coins are paid in, which are never added up */
  totals: WalletTotal[]
  /** Events of the wallet that were looked at */
  events: number
  /** There are older ones, which were not */
  older: boolean
  /** The commit that the events are of; live pushes after it have a higher one */
  seq: number
  /** Identity of the store that seq is of */
  store?: string
}

/** CoinTrader is one of those who traded a coin. */
export interface CoinTrader extends Holding {
  user: string
  /** This account created the coin */
  creator: boolean
  /** What it holds by the trades that were seen, as a fraction of the supply; null when that is not known */
  share: number | null
}

/** CoinCreator is who created a coin, and what became of it. */
export interface CoinCreator extends Holding {
  user: string
  /** As of traders */
  share: number | null
  /** It has sold tokens of the coin */
  sold: boolean
}

/** CoinTraders answers /api/mints/{mint}/traders. */
export interface CoinTraders extends Pair, Paging {
  mint_account: string
  /** Of amounts of tokens */
  decimals: number
  /** Of the last trade; null before the first */
  price: number | null
  /** The same with every digit */
  price_exact: string | null
  /** Base units; left out while it is not known */
  supply?: Amount
  traders: CoinTrader[]
  /** How many hold something by the trades that were seen */
  holders: number
  /** Token base units that they hold */
  held_amount: Sum
  /** Null while the creation is not stored */
  creator: CoinCreator | null
  /** Events of the coin that were looked at */
  events: number
  /** As of a wallet's positions */
  incomplete: ('older' | 'gaps' | 'history')[]
  /** The commit that the events are of */
  seq: number
  /** Identity of the store that seq is of */
  store?: string
}

/** KlineConfig is the part of the configuration that stream clients meet. */
export interface KlineConfig {
  intervals: string[]
  history_limit_default: number
  history_limit_max: number
  max_connections: number
  max_subscriptions_per_client: number
  /** Seconds */
  heartbeat_interval: number
  /** Seconds */
  heartbeat_timeout: number
  /** Bytes of one message */
  max_payload: number
  message_batch_size: number
  message_batch_timeout_ms: number
}

/** KlineStats are the metrics of /api/kline/status. */
export interface KlineStats {
  active_connections: number
  total_subscriptions: number
  /** Mints that somebody is subscribed to */
  monitored_mints: number
  gaps_open: number
  config: KlineConfig
}

/** KlineStatus answers /api/kline/status. */
export interface KlineStatus {
  enabled: boolean
  service_status: 'running' | 'disabled'
  stats: KlineStats
}

/** StreamClient is one connected Socket.IO client. */
export interface StreamClient {
  id: string
  namespace: string
  remote_addr: string
  user_agent: string
  /** Unix milliseconds */
  connected_at: number
  /** Rooms it is in */
  subscriptions: string[]
  transport: 'websocket' | 'polling'
  /** Frames that wait for it to read */
  queued_messages: number
  queued_bytes: number
  /** How long the oldest of them has waited */
  lag_ms: number
  messages_in: number
  messages_out: number
  /** Written to its connection, which its other namespaces share */
  bytes_out: number
}

/** StreamRoom is a topic with subscribers. */
export interface StreamRoom {
  room: string
  clients: number
}

/** Subscriptions answers /api/kline/subscriptions. */
export interface Subscriptions {
  /** Unix milliseconds */
  timestamp: number
  total_connections: number
  total_rooms: number
  clients: StreamClient[]
  rooms: StreamRoom[]
}

/** StreamConnections counts connections and messages. */
export interface StreamConnections {
  /** Ever, since the start */
  total_connections: number
  active_connections: number
  total_messages_sent: number
  total_subscriptions: number
}

/** StreamMetrics answers /api/ws/metrics. */
export interface StreamMetrics {
  connections: StreamConnections
  messages_per_second: number
  /** From receiving a transaction to publishing it */
  average_latency_ms: number
  /** Errors sent per request, 0 to 1 */
  error_rate: number
  memory_usage_mb: number
}

/** ConnectionSuccess greets a client of /ws/kline. */
export interface ConnectionSuccess {
  clientId: string
  /** Unix seconds */
  serverTime: number
  /** The 100 mints traded last, newest first */
  supportedSymbols: string[]
  /** Shortest first */
  supportedIntervals: string[]
  /** Identity of the store that seqs are of */
  store?: string
}

/** SpinConnectionSuccess greets a client of /kline, with spin-server's names. */
export interface SpinConnectionSuccess {
  client_id: string
  /** Unix seconds */
  server_time: number
  /** Always empty, as spin-server had it */
  supported_symbols: string[]
  /** Shortest first */
  supported_intervals: string[]
  /** Identity of the store that seqs are of */
  store?: string
}

/** SubscriptionConfirmed answers every subscribe and unsubscribe. */
export interface SubscriptionConfirmed {
  /** Such as kline:MINT:m1, kline:*:m1, price:MINT, events, token_events; of a list what it is a list of, such as kline or price */
  topic: string
  /** null where the topic has no mint, and of a list */
  symbol: string | null
  /** null where the topic has no interval */
  interval: string | null
  /** The request's, echoed */
  subscription_id: string | null
  success: boolean
  message: string
  /** Identity of the store that seqs are of */
  store?: string
  /** Of a list: those that are subscribed to, each once */
  symbols?: string[]
}

/** HistoryData answers a candle subscription and a history request. */
export interface HistoryData {
  symbol: string
  interval: string
  data: Candle[]
  /** Older candles exist in the range asked for */
  has_more: boolean
  /** Candles stored in the range asked for */
  total_count: number
  /** State of the store; live pushes after this answer have a higher seq */
  seq: number
  /** Identity of the store that seq is of */
  store?: string
}

/** Stamps say when a push happened: on the chain, here, and when it was sent. */
export interface Stamps {
  /** Unix seconds, the chain's */
  block_time: number
  /** Unix milliseconds; 0 when it was read back from the store */
  received_at: number
  /** Unix milliseconds */
  published_at: number
}

/** KlineData is one pushed candle. */
export interface KlineData extends Stamps {
  symbol: string
  interval: string
  /** Always null: one push serves all subscribers */
  subscription_id: string | null
  data: Candle
  /** The same as published_at */
  timestamp: number
  seq: number
  slot: number
}

/** PriceUpdate is the newest price of a mint. */
export interface PriceUpdate extends Stamps {
  symbol: string
  /** SOL per whole token */
  price: number
  /** The same as a decimal string */
  price_exact: string
  /** Block time, Unix seconds */
  timestamp: number
  side: 'buy' | 'sell'
  slot: number
  signature: string
  seq: number
}

/** EventData is one pushed event. */
export interface EventData extends Stamps {
  symbol: string
  event_type: string
  event_data: Event
  /** Block time, Unix milliseconds */
  timestamp: number
  signature: string
  ordinal: number
  slot: number
  seq: number
}

/** StreamGap tells a client that pushes of a topic cannot be served again. */
export interface StreamGap {
  topic: string
  /** First commit that may be missing */
  from_seq: number
  /** Last commit that may be missing */
  to_seq: number
  reason: string
}

/** StreamError is a refused request. */
export interface StreamError {
  /** 1001 invalid request, 1002 subscription refused, 1003 history failed, 1004 unauthorized, 1005 rate limited */
  code: number
  message: string
}

/** Span is the trading of one mint in a window that ends now, in chain time. */
export interface Span {
  /** Unix seconds: the first candle in the window; without one, the last trade */
  since: number
  /** SOL per whole token at since */
  open: number
  /** From open to price, as a fraction: 0.1 is 10 % up */
  change: number
  /** Whole tokens traded */
  volume: number
  /** SOL traded */
  quote_volume: number
  /** Whole tokens bought by takers */
  buy_volume: number
  /** Price events */
  trades: number
}

/** Ticker is what a mint did lately. */
export interface Ticker extends Pair, MintFacts {
  mint: string
  /** null while it is not known */
  name: string | null
  /** null while it is not known */
  symbol: string | null
  /** SOL per whole token; null before the first trade */
  price: number | null
  /** The same with every digit */
  price_exact: string | null
  /** Block time, Unix seconds */
  last_trade_time: number | null
  /** The last 24 hours; null when it cannot be told */
  h24: Span | null
  /** The last hour; likewise */
  h1: Span | null
  /** The last five minutes; likewise */
  m5: Span | null
  /** With progress=true: how much of what its curve began to sell is sold, 0 to 1, as of /api/venue; left out for a coin that does not graduate, and where it is not known */
  progress?: number
  /** With spark=true: 32 closes at equal steps through the last 24 hours, or since the first trade stored if that is younger */
  spark?: number[]
}

/** Tickers answers /api/tickers. */
export interface Tickers extends Paging {
  tickers: Ticker[]
  window: 'h24' | 'h1' | 'm5'
  sort_by: string
  /** Where the windows end, Unix seconds */
  chain_time: number
}

/** TickersPush is a ranking as it is pushed: whole to who subscribes, then once a second what changed. */
export interface TickersPush {
  window: 'h24' | 'h1' | 'm5'
  sort_by: string
  /** Of the request, rounded up to 10, 100 or 1000 */
  limit: number
  /** true: tickers are all of the ranking; false: those that are new in it or changed */
  whole: boolean
  /** As in /api/tickers, in the order of the ranking */
  tickers: Ticker[]
  /** The whole ranking, in order; only when it is another one than before */
  mints?: string[]
  /** Mints that traded in the last 24 hours */
  total: number
  /** Where the windows end, Unix seconds */
  chain_time: number
}

/** USD answers /api/usd: what SOL costs in US dollars, for display. Candles, events, alerts and exports never use it. */
export interface USD {
  asset: 'SOL'
  /** US dollars for one SOL; null while it is not known */
  price: number | null
  /** The same with every digit */
  price_exact: string | null
  /** The price is known up to so many US dollars */
  confidence: number | null
  /** Of the price, Unix seconds */
  publish_time: number | null
  /** Seconds since then, by this machine's clock */
  age: number | null
  /** There is no price, or it is older than five minutes: it is not to be used */
  stale: boolean
  /** Where the cluster keeps it: Pyth's account of SOL in US dollars */
  account: string
  /** What went wrong with the last question to the cluster; empty when nothing did */
  message: string
}

/** Venue answers /api/venue: where a coin trades, as its newest event left it. */
export interface Venue {
  mint_account: string
  /** Where it trades now; empty for a coin that is not known */
  program: string
  /** What its newest price is of; empty before the first */
  venue: 'curve' | 'pool' | ''
  /** How much of what the curve began to sell is sold, 0 to 1: at 1 the coin graduates; null in a pool, for a coin that does not graduate, and where it is not known */
  progress: number | null
  /** Base units of the coin that the curve began to sell; null likewise */
  for_sale: Amount | null
  /** Who says so: the coin's creation, or, while that is not stored, what is usual for its program; empty without for_sale */
  for_sale_source: 'creation' | 'usual' | ''
  /** Base units of the coin that the price is made of, virtual ones included; null where there is no price */
  base_reserves: Sum | null
  /** Base units likewise of what it is paid in */
  quote_reserves: Sum | null
  /** Base units of the coin that can still be bought here; null where events do not say */
  base_left: Amount | null
  /** Base units of what it is paid in that lie here; null where events do not say */
  quote_held: Amount | null
  /** What the newest trade was charged by rate, or what is charged as of the last change; empty where events do not say */
  fees: Fee[]
  /** Of the event that this is by; null without one, and where it follows from the price */
  slot: number | null
  /** Of it likewise, its block time */
  timestamp: string | null
}

/** Fee is a part of what a trade is charged. */
export interface Fee {
  /** Who gets it, or what it is for */
  name: 'pool' | 'protocol' | 'creator' | 'swap' | 'borrow'
  /** As a fraction of what is paid: 0.0095 is 0.95 % */
  rate: number
}

/** WatchedCoin is a coin that is followed by its own addresses, and how that goes. */
export interface WatchedCoin {
  mint: string
  /** Empty while it is not known */
  symbol: string
  name: string
  /** chain: what the mint's account says now, as its creation is not stored */
  name_source?: 'chain'
  /** Where it trades now; empty while it is not known what the mint is */
  program: string
  state: 'unknown' | 'reading' | 'live' | 'refused'
  /** It is followed for clients that are subscribed to it, or were until ten minutes ago, and not by the list */
  on_demand: boolean
  addresses: WatchedAddresses
  /** Transactions of its history that were read */
  done: number
  /** Of so many; 0 when that is not known */
  total: number
  /** What is missing of it; empty when nothing is */
  holes: Gap[]
  /** Why it is refused, or not yet known; else empty */
  message: string
}

/** WatchedAddresses are those that every transaction of the coin names one of; empty while they are not known. */
export interface WatchedAddresses {
  curve: string
  pool: string
}

/** WatchStatus tells how far a coin is that is followed by its own addresses, for clients that asked for it. */
export interface WatchStatus {
  /** The mint's address */
  symbol: string
  /** reading: its history is being read; live: whole up to now; refused: it is not followed, message says why; unknown: not yet found out what it is */
  state: 'reading' | 'live' | 'refused' | 'unknown'
  /** Transactions of its history that were read */
  done: number
  /** Of so many; 0 when that is not known */
  total: number
  /** Why it is refused, or not yet known; else empty */
  message: string
}

/** Watch answers /api/watch: in the order in which the coins were added. */
export interface Watch {
  coins: WatchedCoin[]
  total: number
}

/** EventHead is what every event carries. */
export interface EventHead {
  /** Base58 transaction signature; with ordinal it identifies the event */
  signature: string
  slot: number
  /** Place among the transaction's events */
  ordinal: number
  /** Block time, ISO-8601 in UTC */
  timestamp: string
  /** The price after it: whole units of what the token is paid in per whole token, every digit */
  price_exact?: string
  /** The block time is an estimate */
  provisional?: boolean
  /** The commit it came with, on pushes */
  seq?: number
}

/** CoinPayment is what a trade of a coin came to. */
export interface CoinPayment {
  is_buy: boolean
  /** Base units of the coin */
  token_amount: Amount
  /** Lamports, where it is paid in SOL */
  sol_amount?: Amount
  /** Base units of what it is paid in, without fees */
  quote_amount: Amount
  /** What it is paid in */
  quote_mint: string
}

/** TradeEvent is a buy or a sell on the curve of a pump coin. */
export interface TradeEvent extends EventHead, CoinPayment {
  event_type: 'Trade'
  program: 'pump'
  user: string
  mint_account: string
  fee_amount: Amount
  creator: string
  creator_fee_amount: Amount
  /** After the trade, as the other three */
  virtual_token_reserves: Amount
  virtual_quote_reserves: Amount
  real_token_reserves: Amount
  real_quote_reserves: Amount
  /** Such as buy; empty before October 2025 */
  instruction: string
}

/** CreateEvent announces a coin and its curve. */
export interface CreateEvent extends EventHead {
  event_type: 'Create'
  program: 'pump'
  user: string
  mint_account: string
  curve_account: string
  creator: string
  quote_mint: string
  /** Base units; 0 before May 2025 */
  token_total_supply: Amount
  is_mayhem_mode: boolean
  name: string
  symbol: string
  uri: string
}

/** GraduatedEvent says that a coin's curve is sold out: it goes on in its pool, in the same series of candles. */
export interface GraduatedEvent extends EventHead {
  event_type: 'Graduated'
  program: 'pump'
  user: string
  mint_account: string
  /** Where it traded until now */
  curve: string
  /** Where it trades once the pool is open */
  pool: string
  quote_mint: string
}

/** PostCompleteBuyEvent is the rest of the buy that completed a curve, at the price of the pool that opens next. */
export interface PostCompleteBuyEvent extends EventHead, CoinPayment {
  event_type: 'PostCompleteBuy'
  program: 'pump'
  user: string
  mint_account: string
  curve_account: string
  fee_amount: Amount
  creator_fee_amount: Amount
}

/** MigrationEvent says that a coin's pool was opened. */
export interface MigrationEvent extends EventHead {
  event_type: 'CompletePumpAmmMigration'
  program: 'pump'
  user: string
  mint_account: string
  curve_account: string
  pool: string
  quote_mint: string
  /** Base units that were put into the pool */
  token_amount: Amount
  /** The same of what the coin is paid in */
  quote_amount: Amount
}

/**
 * TokenCreatedEvent announces a mint. Programs of July 2025 leave out everything from pool_token_account to
 * fee_discount_flag.
 */
export interface TokenCreatedEvent extends EventHead {
  event_type: 'TokenCreated'
  payer: string
  mint_account: string
  curve_account: string
  pool_token_account?: string
  pool_sol_account?: string
  fee_recipient?: string
  base_fee_recipient?: string
  params_account?: string
  /** Of 100000 */
  swap_fee?: number
  /** Of 100000 */
  borrow_fee?: number
  /** 0 full, 1 half, 2 a quarter, 3 an eighth */
  fee_discount_flag?: number
  name: string
  symbol: string
  uri: string
}

/** BuySellEvent is a spot trade. */
export interface BuySellEvent extends EventHead {
  event_type: 'BuySell'
  payer: string
  mint_account: string
  is_buy: boolean
  /** Token base units, 10^-6 token */
  token_amount: Amount
  /** Lamports; without the fee on a buy, net of it on a sell */
  sol_amount: Amount
  /** Raw u128 as on chain; price_exact has it in SOL */
  latest_price: string
}

/** OrderTerms are the terms of a margin order. */
export interface OrderTerms {
  /** 1 long, 2 short */
  order_type: number
  mint: string
  user: string
  /** Raw u128 */
  lock_lp_start_price: string
  /** Raw u128 */
  lock_lp_end_price: string
  lock_lp_sol_amount: Amount
  lock_lp_token_amount: Amount
  /** Unix seconds */
  start_time: number
  /** Unix seconds */
  end_time: number
  /** Only in the layout of October 2025 */
  margin_init_sol_amount?: Amount
  /** Lamports */
  margin_sol_amount: Amount
  /** Lamports of a long, token base units of a short */
  borrow_amount: Amount
  /** Token base units of a long, lamports of a short */
  position_asset_amount: Amount
  /** Of 100000 */
  borrow_fee: number
  /** Only in the layout of October 2025 */
  realized_sol_amount?: Amount
}

/** LongShortEvent opens a margin order. */
export interface LongShortEvent extends EventHead, OrderTerms {
  event_type: 'LongShort'
  payer: string
  mint_account: string
  order_pda: string
  /** Raw u128 */
  latest_price: string
}

/** CloseFields are what a full and a partial close have in common. */
export interface CloseFields {
  payer: string
  user_sol_account: string
  mint_account: string
  is_close_long: boolean
  final_token_amount: Amount
  final_sol_amount: Amount
  /** Lamports */
  user_close_profit: Amount
  /** Raw u128 */
  latest_price: string
  order_pda: string
}

/** FullCloseEvent ends a margin order. */
export interface FullCloseEvent extends EventHead, CloseFields {
  event_type: 'FullClose'
}

/** PartialCloseEvent reduces a margin order to the terms it states. */
export interface PartialCloseEvent extends EventHead, CloseFields, OrderTerms {
  event_type: 'PartialClose'
}

/**
 * ForceLiquidateEvent ends a margin order whose range the price reached. What follows order_pda is not in the program's
 * event: it is the order as it stood, and left out when that was opened before the stored history.
 */
export interface ForceLiquidateEvent extends EventHead {
  event_type: 'ForceLiquidate'
  /** Of the trade that triggered it */
  payer: string
  mint_account: string
  order_pda: string
  /** Whose order it was */
  user?: string
  /** 1 long, 2 short */
  order_type?: number
  /** SOL per whole token × 10^price_decimals */
  lock_lp_start_price?: string
  /** SOL per whole token × 10^price_decimals */
  lock_lp_end_price?: string
  price_decimals?: number
  /** Lamports */
  margin_sol_amount?: Amount
  /** Lamports of a long, token base units of a short */
  borrow_amount?: Amount
  /** Token base units of a long, lamports of a short */
  position_asset_amount?: Amount
}

/** MilestoneDiscountEvent lowers a curve's fees. */
export interface MilestoneDiscountEvent extends EventHead {
  event_type: 'MilestoneDiscount'
  payer: string
  mint_account: string
  curve_account: string
  swap_fee: number
  borrow_fee: number
  fee_discount_flag: number
}

/** Interval is the length of a candle. */
export type Interval = 's1' | 's5' | 's15' | 's30' | 'm1' | 'm3' | 'm5' | 'm15' | 'm30' | 'h1' | 'h2' | 'h4' | 'd1' | 'w1'
