import { beforeEach, describe, expect, it, vi } from 'vitest'
import { RestError } from '../api/rest'
import type {
  Detail,
  Event,
  EventData,
  KlineStatus,
  Mints,
  Node,
  Ticker,
  Order,
  PriceUpdate,
  Status,
  TokenCreatedEvent,
} from '../api/client/index'
import { Clock } from './clock.svelte'
import { fakeRest, QuietStream } from './fakes'
import { Health } from './health.svelte'
import { Margin } from './margin.svelte'
import { Prefs, readPrefs } from './prefs.svelte'
import { Tape } from './tape.svelte'
import { Toasts } from './toasts.svelte'
import { TokenList } from './tokens.svelte'

beforeEach(() => {
  vi.useFakeTimers()
})

describe('Prefs', () => {
  it('keeps what is valid and forgets the rest', () => {
    const values = readPrefs(
      JSON.stringify({ theme: 'light', charts: [{ mint: 'M', interval: 'm2' }], volume: 'yes', left: 9999, other: 1 }),
    )
    expect(values).toMatchObject({ theme: 'light', charts: [], volume: true, left: 264 })
    expect(values).not.toHaveProperty('other')
    for (const text of [null, '', '{', 'null', '[]', '7']) expect(readPrefs(text)).toEqual(readPrefs('{}'))
  })

  it('stores choices and survives a storage that refuses', () => {
    const stored = new Map<string, string>()
    const storage = {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, text: string) => void stored.set(key, text),
    }
    const prefs = new Prefs(storage)
    prefs.set('side', 'orders')
    prefs.set('theme', 'pink' as 'dark')
    prefs.toggleFavourite('M')
    expect(new Prefs(storage).values).toMatchObject({ side: 'orders', theme: 'auto', favourites: ['M'] })
    const refusing = new Prefs({
      getItem: () => {
        throw new Error('forbidden')
      },
      setItem: () => {
        throw new Error('full')
      },
    })
    refusing.set('side', 'info')
    expect(refusing.values.side).toBe('info')
  })

  it('is shared by windows, none of which undoes what another chose, but for what is each one’s own', () => {
    const stored = new Map<string, string>()
    const storage = {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, text: string) => void stored.set(key, text),
    }
    const first = new Prefs(storage)
    first.set('layout', 'rows')
    const further = new Prefs(storage, 2)
    expect(further.values.layout).toBe('rows')

    further.setAll({ layout: 'four', favourites: ['M'], theme: 'light' })
    first.set('zone', 'utc') // before it has heard of the other
    for (const window of [first, further]) window.kept('spinscope.prefs')
    const both = { favourites: ['M'], theme: 'light', zone: 'utc' }
    expect(first.values).toMatchObject({ ...both, layout: 'rows' })
    expect(further.values).toMatchObject({ ...both, layout: 'four' })

    expect(new Prefs(storage).values).toMatchObject({ ...both, layout: 'rows' })
    expect(new Prefs(storage, 2).values).toMatchObject({ ...both, layout: 'four' })
    expect(new Prefs(storage, 3).values).toMatchObject({ ...both, layout: 'rows' })
    first.kept('spinscope.other')
  })
})

it('follows the newest block time', () => {
  let machine = 1000
  const clock = new Clock(() => machine)
  clock.observe(5000)
  machine = 1010
  expect(clock.read()).toBe(5010)
  clock.observe(4000)
  expect(clock.read()).toBe(5010)
})

it('shows toasts for a while, four at most', () => {
  const toasts = new Toasts()
  for (const text of 'abcde') toasts.show('info', text)
  expect(toasts.list.map((toast) => toast.text)).toEqual(['b', 'c', 'd', 'e'])
  vi.advanceTimersByTime(4001)
  expect(toasts.list).toEqual([])
})

describe('Health', () => {
  const status = (more: Partial<Status>): Status =>
    ({
      connection_status: 'connected',
      cluster: 'demo',
      lag_slots: 0,
      total_events_processed: 0,
      backfill: { running: false, done: 0, total: 0, eta_seconds: 0 },
      ...more,
    }) as Status

  it.each([
    [{}, 'live'],
    [{ lag_slots: 400 }, 'behind'],
    [{ connection_status: 'catching_up' }, 'behind'],
    [{ backfill: { running: true, done: 1, total: 2, eta_seconds: 3 } }, 'live'],
    [{ connection_status: 'disabled' }, 'off'],
    [{ connection_status: 'disabled', node: { role: 'edge', trouble: '' } as Node }, 'live'],
    [{ connection_status: 'disabled', node: { role: 'standby', trouble: 'behind' } as Node }, 'behind'],
    [{ connection_status: 'reconnecting', node: { role: 'writer', trouble: '' } as Node }, 'down'],
    [{ connection_status: 'connecting' }, 'connecting'],
    [{ connection_status: 'connecting', failures: 2 }, 'down'],
    [{ connection_status: 'replaying' }, 'live'],
    [{ connection_status: 'reconnecting' }, 'down'],
  ])('reads %j as %s', async (more, feed) => {
    const health = new Health(
      fakeRest({ status: async () => status(more), klineStatus: () => Promise.reject(new Error()) }),
    )
    expect(health.feed).toBe('unknown')
    await health.poll()
    expect(health.feed).toBe(feed)
    expect(health.simulated).toBe(true)
  })

  it.each([
    ['0.4 s', 400, 25, 26],
    ['0.2 s', 200, 50, 51],
    ['1 s', 1000, 10, 11],
  ])('calls a lag of more than ten seconds one, at %s a slot', async (_, ms, calm, late) => {
    let [now, slot, lag] = [0, 1000, 0]
    const calls = {
      status: async () => status({ slot, lag_slots: lag, store: 's' }),
      klineStatus: () => Promise.reject(new Error()),
    }
    const health = new Health(fakeRest(calls), () => now)
    const goOn = async (duration: number, stands = false) => {
      for (const end = now + duration; now < end; now += 2000) {
        await health.poll()
        if (!stands) slot += 2000 / ms
      }
    }
    await goOn(120_000)
    await goOn(90_000, true) // a chain that stands still is not a slow one
    for (const [slots, feed] of [
      [calm, 'live'],
      [late, 'behind'],
    ] as const) {
      lag = slots
      await goOn(60_000)
      expect(health.feed).toBe(feed)
    }
  })

  it('knows nothing of the slots of another store', async () => {
    let [now, slot, store] = [0, 1000, 'a']
    const calls = {
      status: async () => status({ slot, lag_slots: 40, store }),
      klineStatus: () => Promise.reject(new Error()),
    }
    const health = new Health(fakeRest(calls), () => now)
    for (; now < 120_000; now += 2000, slot += 10) await health.poll()
    expect(health.feed).toBe('live')
    store = 'b'
    slot = 300_000_000
    await health.poll()
    expect(health.feed).toBe('behind')
  })

  it('counts events by the second over a short window', async () => {
    let [now, total] = [0, 100]
    const kline = { stats: { gaps_open: 2, active_connections: 3 } } as KlineStatus
    const calls = { status: async () => status({ total_events_processed: total }), klineStatus: async () => kline }
    const health = new Health(fakeRest(calls), () => now)
    for (let i = 0; i < 6; i++) {
      await health.poll()
      now += 2000
      total += 28
    }
    expect(health.eventsPerSecond).toBe(14)
    expect([health.gaps, health.clients]).toEqual([2, 3])
  })

  it('does not take history for news', async () => {
    let [now, total, done, running] = [0, 0, 0, true]
    const calls = {
      status: async () =>
        status({ total_events_processed: total, backfill: { running, done, total: done, eta_seconds: 0 } }),
      klineStatus: () => Promise.reject(new Error()),
    }
    const health = new Health(fakeRest(calls), () => now)
    const look = async (events: number, read: number) => {
      now += 2000
      total += events
      done += read
      await health.poll()
    }
    await health.poll()
    await look(5000, 4000)
    expect(health.eventsPerSecond).toBe(null)
    running = false
    await look(3000, 2000)
    expect(health.eventsPerSecond).toBe(null)
    await look(20, 0)
    await look(20, 0)
    await look(20, 0)
    expect(health.eventsPerSecond).toBe(10)
    // A short rescan between two looks.
    await look(900, 800)
    expect(health.eventsPerSecond).toBe(null)
  })

  it('tells a server that leaves questions open from one that answers late', async () => {
    let now = 0
    let answer: (() => void) | undefined
    const waiting = () => new Promise<Status>((resolve) => (answer = () => resolve(status({}))))
    const health = new Health(fakeRest({ status: waiting, klineStatus: () => Promise.reject(new Error()) }), () => now)
    const first = health.poll()
    now = 6000
    health.check()
    expect(health.silent).toBe(false)
    now = 8000
    health.check()
    expect(health.silent).toBe(true)
    answer?.()
    await first
    expect(health.silent).toBe(false)
    // A page that slept asked nothing meanwhile.
    now = 100_000
    health.check()
    expect(health.silent).toBe(false)
  })

  it('knows a locked door', async () => {
    const health = new Health(
      fakeRest({
        status: () => Promise.reject(new RestError('no', 401)),
        klineStatus: async () => ({}) as KlineStatus,
      }),
    )
    await health.poll()
    expect(health.unauthorized).toBe(true)
  })
})

describe('Tape', () => {
  const event = (slot: number): Event => ({
    event_type: 'BuySell',
    signature: `s${slot}`,
    slot,
    ordinal: 0,
    timestamp: '2025-08-04T09:05:07Z',
    payer: 'p',
    mint_account: 'MINT',
    is_buy: true,
    token_amount: 1,
    sol_amount: 1,
    latest_price: '1',
  })
  const live = (slot: number) => ({ symbol: 'MINT', event_data: event(slot) }) as EventData

  it('listens before it reads, so that what comes in between is there once', async () => {
    const stream = new QuietStream()
    const paging = { total: 2, page: 1, limit: 100, has_next: false, has_prev: false }
    const events = vi.fn(async () => ({ events: [event(2), event(1)], ...paging }))
    const tape = new Tape(fakeRest({ events }), () => stream)
    tape.open('MINT')
    tape.onEvent(live(2))
    tape.onEvent(live(3))
    tape.onEvent({ ...live(9), symbol: 'OTHER' })
    await vi.advanceTimersByTimeAsync(300)
    expect(tape.trades.map((trade) => trade.slot)).toEqual([3, 2, 1])
    tape.open('NEXT')
    expect(tape.trades).toEqual([])
    expect(stream.wanted).toEqual(['+events MINT', '-events MINT', '+events NEXT'])
  })

  it('goes back through the store page by page, and lists what the filter leaves', async () => {
    const all = Array.from({ length: 1300 }, (_, i) => ({ ...event(1300 - i), sol_amount: (1300 - i) * 1e9 }))
    const events = vi.fn(async (_: string, limit: number, __?: AbortSignal, page = 1) => ({
      events: all.slice((page - 1) * limit, page * limit),
      ...{ total: all.length, page, limit, has_next: page * limit < all.length, has_prev: page > 1 },
    }))
    const tape = new Tape(fakeRest({ events }), () => new QuietStream())
    tape.open('MINT')
    await vi.advanceTimersByTimeAsync(300)
    expect([tape.trades.length, tape.hasOlder]).toEqual([100, true])
    for (const want of [500, 1000, 1300, 1300]) {
      await tape.older()
      await vi.advanceTimersByTimeAsync(300)
      expect(tape.trades.map(({ slot }) => slot)).toEqual(all.slice(0, want).map(({ slot }) => slot))
    }
    expect(tape.hasOlder).toBe(false)
    expect(events).toHaveBeenCalledTimes(4)

    tape.toggleFilter()
    tape.filter = { ...tape.filter, least: 1299 }
    expect(tape.listed.map(({ slot }) => slot)).toEqual([1300, 1299])
    tape.toggleFilter()
    expect(tape.listed.length).toBe(1300)
  })

  it('forgets a failure once older trades could be read, and that there are older ones when it is closed', async () => {
    const paging = { total: 900, limit: 100, has_next: true, has_prev: false }
    const events = vi.fn(async (_: string, __: number, ___?: AbortSignal, page = 1) => ({
      events: [event(2)],
      ...paging,
      page,
    }))
    const tape = new Tape(fakeRest({ events }), () => new QuietStream())
    tape.open('MINT')
    await vi.advanceTimersByTimeAsync(300)
    events.mockRejectedValueOnce(new Error('no answer'))
    await tape.older()
    expect([tape.error !== '', tape.loading]).toEqual([true, false])
    await tape.older()
    expect([tape.error, tape.hasOlder]).toEqual(['', true])

    tape.close()
    expect([tape.trades.length, tape.hasOlder]).toEqual([0, false])
  })
})

describe('TokenList', () => {
  const detail = (mint: string, symbol: string, created: number): Detail =>
    ({
      mint_account: mint,
      symbol,
      name: `${symbol} token`,
      create_timestamp: created * 1000,
      price_exact: '0.5',
      latest_trade_time: 9000,
    }) as Detail
  const known = [detail('A', 'OAK', 1), detail('B', 'FOX', 2), detail('C', 'KITE', 3)]
  const order: Record<string, string[]> = {
    quote_volume_desc: ['B', 'A'],
    last_trade_desc: ['A', 'B', 'C'],
    change_desc: ['A', 'X'],
    change_asc: ['X', 'A'],
  }
  const span = (open: number, since: number) => ({ open, since, trades: 2, quote_volume: 20 }) as Ticker['h24']
  /** X was created before the history that the server has. */
  const ticker = (mint: string, spark?: number[]) =>
    ({
      mint,
      name: null,
      symbol: null,
      price_exact: '0.5',
      last_trade_time: 9,
      h24: span(0.4, 300),
      h1: span(0.5, 600),
      m5: span(0.6, 700),
      ...(spark && { spark }),
    }) as Ticker

  function list() {
    const stream = new QuietStream()
    const read = vi.fn(async (mints: readonly string[]) => mints.map((mint) => ticker(mint, [1, 2])))
    const ranking = vi.fn(async (sort: string) => (order[sort] ?? []).map((mint) => ticker(mint)))
    const tokens = new TokenList(
      fakeRest({
        mints: async () => ({ mints: ['C', 'B', 'A'], next_cursor: null }) as unknown as Mints,
        details: async (mints) => [...known, detail('D', 'NEW', 9)].filter((one) => mints.includes(one.mint_account)),
        tickers: read,
        ranking,
      }),
      () => stream,
      new Clock(() => 1000),
    )
    return { tokens, stream, read, ranking }
  }
  const shown = (tokens: TokenList) => tokens.shown.map((token) => token.symbol).join(' ')

  it('learns when a coin was created that was called the same before', () => {
    const { tokens } = list()
    tokens.takeBoth([], [{ ...detail('X', 'ELM', 0), create_timestamp: null, name_source: 'chain' }])
    const token = tokens.get('X')
    expect([token?.symbol, token?.named, token?.created]).toEqual(['ELM', true, 0])
    tokens.takeBoth([], [detail('X', 'ELM', 7)])
    expect([token?.symbol, token?.created]).toEqual(['ELM', 7])
  })

  it('knows whether amounts must say what they are of', () => {
    const { tokens } = list()
    tokens.takeBoth([], known)
    expect(tokens.severalQuotes).toBe(false)
    const quote = { quote_mint: 'USDC', quote_symbol: 'USDC', quote_decimals: 6 }
    tokens.takeBoth([], [{ ...detail('D', 'NEW', 9), ...quote }])
    expect(tokens.severalQuotes).toBe(true)
  })

  it('lists by the server’s ranking, by age, and by what the person searches', async () => {
    const { tokens } = list()
    await tokens.load()
    expect(tokens.phase).toBe('ready')
    expect(shown(tokens)).toBe('FOX OAK KITE')
    tokens.setTab('new')
    expect(shown(tokens)).toBe('KITE FOX OAK')
    tokens.query = 'oak'
    expect(shown(tokens)).toBe('OAK')
    tokens.query = ''
    tokens.favourites = ['A']
    tokens.setTab('favourites')
    expect(shown(tokens)).toBe('OAK')
    expect(tokens.get('A')).toMatchObject({ price: 0.5, lastTrade: 9 })
  })

  it('moves no row under the pointer, and all of them once it has left', async () => {
    const { tokens } = list()
    await tokens.load()
    expect(shown(tokens)).toBe('FOX OAK KITE')
    tokens.hold(true)
    order['quote_volume_desc'] = ['A', 'B']
    await tokens.refreshRank()
    expect(shown(tokens)).toBe('FOX OAK KITE')
    tokens.setTab('active')
    await vi.advanceTimersByTimeAsync(10)
    expect(shown(tokens)).toBe('OAK FOX KITE')
    order['last_trade_desc'] = ['C', 'B', 'A']
    await tokens.refreshRank()
    expect(shown(tokens)).toBe('OAK FOX KITE')
    tokens.hold(false)
    expect(shown(tokens)).toBe('KITE FOX OAK')
    order['quote_volume_desc'] = ['B', 'A']
    order['last_trade_desc'] = ['A', 'B', 'C']
  })

  it('lists what the server says a filter takes, by whichever order, and always what is starred', async () => {
    const { tokens, ranking } = list()
    await tokens.load()
    tokens.favourites = ['C']
    order['quote_volume_desc'] = ['A']
    tokens.setFilter({ volume: 0, trades: 3, hours: 2 })
    await vi.advanceTimersByTimeAsync(10)
    expect(ranking.mock.calls.at(-1)?.at(-1)).toEqual({ min_trades: 3, max_age: 7200 })
    expect(shown(tokens)).toBe('OAK')

    order['last_trade_desc'] = ['A', 'B']
    tokens.setTab('new')
    await vi.advanceTimersByTimeAsync(10)
    expect(ranking.mock.calls.at(-1)?.[0]).toBe('last_trade_desc')
    expect(shown(tokens)).toBe('FOX OAK')
    tokens.setTab('favourites')
    expect(shown(tokens)).toBe('KITE')

    tokens.setFilter({ volume: 0, trades: 0, hours: 0 })
    tokens.setTab('top')
    await vi.advanceTimersByTimeAsync(10)
    expect(ranking.mock.calls.at(-1)?.at(-1)).toEqual({})
    expect(tokens.shown).toHaveLength(3)
    order['quote_volume_desc'] = ['B', 'A']
    order['last_trade_desc'] = ['A', 'B', 'C']
  })

  it('is sorted by the server in the whole market, and what is starred by what is read of each', async () => {
    const { tokens, ranking, read } = list()
    await tokens.load()
    order['market_cap_asc'] = ['C', 'A']
    tokens.setSort('market_cap_asc')
    await vi.advanceTimersByTimeAsync(10)
    expect(ranking.mock.calls.at(-1)?.slice(0, 2)).toEqual(['market_cap_asc', 'h24'])
    // What the server does not rank is not in the order.
    expect(shown(tokens)).toBe('KITE OAK')
    expect(tokens.cut).toBe(false)

    tokens.setSpan('m5')
    tokens.setSort('change_desc')
    await vi.advanceTimersByTimeAsync(10)
    expect(ranking.mock.calls.at(-1)?.slice(0, 2)).toEqual(['change_desc', 'm5'])
    tokens.setProgram('pump')
    await vi.advanceTimersByTimeAsync(10)
    expect(ranking.mock.calls.at(-1)?.at(-1)).toEqual({ program: 'pump' })
    tokens.setProgram('')

    tokens.setTab('new')
    expect([tokens.sort, shown(tokens)]).toEqual(['', 'KITE FOX OAK X'])
    tokens.favourites = ['A', 'C']
    tokens.setTab('favourites')
    const asked = ranking.mock.calls.length
    tokens.setSort('created_asc')
    await vi.advanceTimersByTimeAsync(10)
    expect(read.mock.calls.at(-1)?.[0]).toEqual(['A', 'C'])
    expect(ranking.mock.calls).toHaveLength(asked)
    expect(shown(tokens)).toBe('OAK KITE')
    tokens.setSort('created_desc')
    expect(shown(tokens)).toBe('KITE OAK')
  })

  it('moves through the list and stops at its ends', async () => {
    const { tokens } = list()
    await tokens.load()
    expect(tokens.neighbour('B', 1)?.mint).toBe('A')
    expect(tokens.neighbour('C', 1)?.mint).toBe('C')
    expect(tokens.neighbour('', 1)?.mint).toBe('B')
  })

  it('keeps prices live for the shown mint and the rows on screen, and reads their day once', async () => {
    const { tokens, stream, read } = list()
    await tokens.load()
    tokens.pin(['C'])
    tokens.see(['A', 'C'])
    await vi.advanceTimersByTimeAsync(10)
    expect(stream.wanted.at(-1)).toBe('prices C A')
    expect(read.mock.calls).toEqual([[['C']], [['A']]])
    expect(tokens.get('A')?.moved('h24')?.since).toBe(300)
    expect(tokens.get('A')).toMatchObject({ volume: 20, trades: 2, spark: [1, 2] })
    tokens.onPrice({ symbol: 'A', price: 0.8, timestamp: 700 } as PriceUpdate)
    await vi.advanceTimersByTimeAsync(300)
    expect(tokens.get('A')?.move?.fraction).toBeCloseTo(1)
    expect(tokens.get('A')?.moved('m5')?.fraction).toBeCloseTo(1 / 3)
    tokens.refreshVisible()
    expect(read).toHaveBeenCalledTimes(2)
    vi.advanceTimersByTime(16_000)
    tokens.refreshVisible()
    await vi.advanceTimersByTimeAsync(10)
    expect(read.mock.calls.at(-1)).toEqual([['C', 'A']])
    await tokens.refreshRank()
    expect(tokens.get('A')?.spark).toEqual([1, 2])
  })

  it('tries again what could not be read, and reads what came into sight meanwhile', async () => {
    const { tokens, read } = list()
    await tokens.load()
    read.mockRejectedValueOnce(new RestError('the server does not answer', 0))
    tokens.see(['A'])
    await vi.advanceTimersByTimeAsync(10)
    expect(tokens.get('A')?.read).toBe(0)
    tokens.see(['A'])
    tokens.see(['A', 'B'])
    await vi.advanceTimersByTimeAsync(10)
    expect(read.mock.calls).toEqual([[['A']], [['A']], [['B']]])
  })

  it('lists who trades and was created before the history, by address until the name is known', async () => {
    const { tokens, ranking } = list()
    await tokens.load()
    tokens.setSpan('h1')
    expect(ranking).toHaveBeenCalledTimes(1)
    tokens.setTab('losers')
    await vi.advanceTimersByTimeAsync(10)
    expect(ranking.mock.calls.at(-1)?.slice(0, 2)).toEqual(['change_asc', 'h1'])
    expect(shown(tokens)).toBe('X OAK')
    tokens.setSpan('m5')
    await vi.advanceTimersByTimeAsync(10)
    expect(ranking.mock.calls.at(-1)?.slice(0, 2)).toEqual(['change_asc', 'm5'])
    tokens.setTab('gainers')
    await vi.advanceTimersByTimeAsync(10)
    expect(shown(tokens)).toBe('OAK X')
    expect(tokens.get('X')).toMatchObject({ price: 0.5, created: 0 })
    known.push(detail('X', 'FOUND', 4))
    await tokens.load()
    tokens.setTab('new')
    await vi.advanceTimersByTimeAsync(10)
    tokens.see(['X'])
    tokens.refreshVisible()
    await vi.advanceTimersByTimeAsync(10)
    expect(tokens.get('X')).toMatchObject({ symbol: 'FOUND', created: 4 })
  })

  it('never watches more prices than the server allows', async () => {
    const { tokens, stream } = list()
    tokens.see(Array.from({ length: 100 }, (_, i) => `M${i}`))
    expect(stream.wanted.at(-1)?.split(' ')).toHaveLength(39)
  })

  it('adds a token as it is created', async () => {
    const { tokens } = list()
    await tokens.load()
    tokens.setTab('new')
    const created = {
      mint_account: 'D',
      name: 'New token',
      symbol: 'NEW',
      timestamp: '2025-08-04T09:05:07Z',
    } as TokenCreatedEvent
    tokens.onCreated(created)
    tokens.onCreated(created)
    expect(shown(tokens)).toBe('NEW KITE FOX OAK')
    await vi.advanceTimersByTimeAsync(10)
    expect(tokens.get('D')?.price).toBe(0.5)
  })

  it('stands by age when the ranking cannot be read', async () => {
    const { tokens, ranking } = list()
    ranking.mockRejectedValueOnce(new RestError('the server does not answer', 0))
    await tokens.load()
    expect(tokens.phase).toBe('ready')
    expect(shown(tokens)).toBe('KITE FOX OAK')
    await tokens.refreshRank()
    expect(shown(tokens)).toBe('FOX OAK KITE')
  })

  it('says why it is empty', async () => {
    const tokens = new TokenList(
      fakeRest({ mints: () => Promise.reject(new RestError('the server does not answer', 0)) }),
      () => new QuietStream(),
      new Clock(),
    )
    await tokens.load()
    expect([tokens.phase, tokens.error]).toEqual(['error', 'the server does not answer'])
  })
})

describe('Margin', () => {
  const paging = { total: 1, page: 1, limit: 1000, has_next: false, has_prev: false, mint_account: 'MINT' }
  const order = {
    order_type: 1,
    lock_lp_start_price: '280',
    lock_lp_end_price: '270',
    lock_lp_sol_amount: 5e9,
    price_decimals: 2,
    order_pda: 'a',
  } as Order
  const happens = (event_type: string, order_pda: string, signature = order_pda) =>
    ({
      symbol: 'MINT',
      event_data: { event_type, order_pda, signature, ordinal: 0, slot: 1, timestamp: '2025-08-04T09:05:07Z' },
    }) as unknown as EventData
  const lists = (type: string) => ({ ...paging, orders: type === 'down_orders' ? [order] : [], order_type: type })

  it('reads nothing until it is wanted, then follows the events', async () => {
    const orders = vi.fn(async (_: string, type: string) => lists(type) as never)
    const margin = new Margin(fakeRest({ orders }))
    margin.open('MINT')
    await vi.advanceTimersByTimeAsync(300)
    expect(orders).not.toHaveBeenCalled()
    margin.want(true)
    await vi.advanceTimersByTimeAsync(300)
    expect(margin.positions).toEqual([{ key: 'a', side: 'long', low: 2.7, high: expect.closeTo(2.8, 9), paid: 5 }])
    margin.onEvent(happens('ForceLiquidate', 'a'))
    margin.onEvent({ ...happens('ForceLiquidate', 'b'), symbol: 'OTHER' })
    await vi.advanceTimersByTimeAsync(300)
    expect(margin.positions).toEqual([])
    margin.want(false)
    await vi.advanceTimersByTimeAsync(300)
    expect(margin.positions).toEqual([])
  })

  it('does not lose what happens while it reads', async () => {
    let answer: () => void = () => undefined
    const asked = new Promise<void>((resolve) => (answer = resolve))
    const orders = async (_: string, type: string) => asked.then(() => lists(type) as never)
    const margin = new Margin(fakeRest({ orders }))
    margin.open('MINT')
    margin.want(true)
    margin.onEvent(happens('FullClose', 'a'))
    answer()
    await vi.advanceTimersByTimeAsync(300)
    expect(margin.positions).toEqual([])
  })
})
