import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Candle, EventData, HistoryData, KlineData, Klines } from './index'
import { RequestError } from './errors'
import { CandleFollower, type CandleOptions, type FollowUpdate } from './candles'
import type { Client } from './client'
import { EventFollower, eventsOf, PriceFollower } from './events'
import { Spinscope } from './spinscope'
import type { CandleHandlers, EventHandlers, PriceHandlers } from './types'

/** A live connection whose pushes the test makes. */
class FakeLive {
  store: string | undefined = 'A'
  asked: (CandleHandlers & EventHandlers & PriceHandlers)[] = []
  closed = 0
  ready = false

  get heard(): CandleHandlers & EventHandlers & PriceHandlers {
    const last = this.asked.at(-1)
    if (!last) throw new Error('nothing was asked for')
    return last
  }

  candles = (_mint: string, _interval: string, handlers: CandleHandlers) => this.#subscribe(handlers)
  events = (_mint: string | null, handlers: EventHandlers) => this.#subscribe(handlers)
  prices = (_mint: string, handlers: PriceHandlers) => this.#subscribe(handlers)

  #subscribe(handlers: CandleHandlers & EventHandlers & PriceHandlers) {
    this.asked.push(handlers)
    const ready = () => this.ready
    const close = () => this.closed++
    return {
      topic: '',
      seq: undefined,
      store: undefined,
      close,
      get ready() {
        return ready()
      },
    }
  }

  history(seq: number, times: number[], more: Partial<HistoryData> = {}): void {
    const data = times.map((time) => candle(time))
    const all = { symbol: 'M', interval: 's1', has_more: false, total_count: 0, seq, data, store: this.store, ...more }
    this.heard.onHistory?.(all as HistoryData)
  }

  push(seq: number, time: number, close = 1, more: Partial<Candle> = {}): void {
    this.heard.onCandle?.({ seq, data: { ...candle(time, close), ...more } } as KlineData)
  }

  gap(): void {
    this.heard.onGap?.({ topic: '', from_seq: 1, to_seq: 9, reason: 'too much' })
  }
}

function candle(time: number, close = 1): Candle {
  return { time, close, open: 1, high: 1, low: 1, trades: 1, is_final: false } as Candle
}

const server = { base: 'http://test', token: 'sesame' }
const ended = vi.fn()

function follow(options: CandleOptions = {}) {
  const live = new FakeLive()
  const follower = new CandleFollower(live as unknown as Client, server, 'M', 's1', options, ended)
  follower.start()
  const take = async (count: number) => {
    const updates: FollowUpdate[] = []
    while (updates.length < count) updates.push((await follower.next()).value as FollowUpdate)
    return updates.map((update) =>
      update.type === 'candle'
        ? [update.candle.time, update.candle.close, update.seq]
        : update.type === 'reset'
          ? [update.cause, update.from]
          : update.status.state,
    )
  }
  return { live, follower, take }
}

/** Answers the REST API with what `pages` gives for an address. */
function answering(pages: (url: URL) => Partial<Klines> | number) {
  const asked: URL[] = []
  vi.stubGlobal('fetch', (url: string) => {
    asked.push(new URL(url))
    const data = pages(new URL(url))
    if (typeof data === 'number') return Promise.resolve(Response.json({ message: 'no' }, { status: data }))
    return Promise.resolve(Response.json({ success: true, data }))
  })
  return asked
}

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe('candles', () => {
  it('tells what is there, then the newest state of each that changed, and how far the reader is', async () => {
    const { live, follower, take } = follow()
    live.history(5, [1, 2])
    live.push(6, 2, 2)
    live.push(7, 3)
    live.push(8, 2, 3, { is_final: true }) // nobody has read 2 yet
    expect(await take(1)).toEqual([[1, 1, 5]])
    expect(follower.position).toBeUndefined() // of commit 5 only a part was taken
    expect(await take(2)).toEqual([
      [3, 1, 7],
      [2, 3, 8],
    ])
    expect(follower.position).toEqual({ seq: 8, store: 'A' })
  })

  it('tells nothing twice when a resume brings it again', async () => {
    const { live, take } = follow()
    live.history(5, [1, 2])
    live.push(6, 3)
    await take(3)
    live.history(7, [2, 3])
    live.push(8, 3, 2)
    expect(await take(1)).toEqual([[3, 2, 8]])
  })

  it('reads what lies before the history, and leaves out pushes that are in it', async () => {
    const asked = answering((url) => {
      const from = Number(url.searchParams.get('from'))
      const klines = from === 1 ? [candle(1), candle(2)] : [candle(3, 7)]
      return { klines, has_next: from === 1, seq: 9, store: 'A' }
    })
    const { live, take } = follow({ from: 1 })
    live.history(5, [4, 5], { has_more: true })
    live.push(8, 2, 6) // the page is newer
    live.push(10, 3, 8)
    expect(await take(6)).toEqual([
      [1, 1, 5],
      [2, 1, 5],
      [3, 7, 5],
      [4, 1, 5],
      [5, 1, 5],
      [3, 8, 10],
    ])
    expect(asked.map(({ search }) => search)).toEqual([
      '?mint=M&interval=s1&order_by=time_asc&from=1&to=3&limit=1000',
      '?mint=M&interval=s1&order_by=time_asc&from=3&to=3&limit=1000',
    ])
  })

  it('reads as many as were wanted, however long the server is away', async () => {
    vi.useFakeTimers()
    let failures = 12
    answering(() => (failures-- > 0 ? 503 : { klines: [candle(2), candle(1)], has_next: true, seq: 5, store: 'A' }))
    const { live, take } = follow({ limit: 4 })
    live.history(5, [3, 4], { has_more: true })
    const taken = take(4)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await taken).toEqual([1, 2, 3, 4].map((time) => [time, 1, 5]))
  })

  it('ends with what does not pass', async () => {
    answering(() => 401)
    const { live, take } = follow({ from: 1 })
    live.history(5, [3], { has_more: true })
    await expect(take(1)).rejects.toMatchObject({ status: 401 })
  })

  it('begins anew after a gap, from the first candle that it told', async () => {
    answering(() => ({ klines: [candle(1, 5)], has_next: false, seq: 20, store: 'A' }))
    const { live, take } = follow()
    live.history(5, [1, 2])
    await take(2)
    live.push(6, 2, 9) // void by what follows
    live.gap()
    live.history(20, [2, 3], { has_more: true })
    expect(await take(4)).toEqual([
      ['gap', 1],
      [1, 5, 20],
      [2, 1, 20],
      [3, 1, 20],
    ])
  })

  it('asks anew when a gap comes in the midst of things', () => {
    const { live } = follow()
    live.history(5, [1])
    live.ready = true
    live.gap()
    expect(live.asked).toHaveLength(2)
    expect(live.heard).toMatchObject({ since: undefined, store: undefined })
  })

  it('says when the server has another store, and forgets where it began', async () => {
    const { live, take, follower } = follow({ from: 4 })
    live.history(50, [4, 5])
    await take(2)
    live.store = 'B'
    live.gap()
    live.history(3, [8, 9])
    expect(await take(3)).toEqual([
      ['store', undefined],
      [8, 1, 3],
      [9, 1, 3],
    ])
    expect(follower.position).toEqual({ seq: 3, store: 'B' })
  })

  it('tells how far a coin is, and all of it anew once its history was read', async () => {
    const { live, take } = follow()
    live.history(5, [3])
    await take(1)
    live.heard.onWatch?.({ symbol: 'M', state: 'live', done: 1, total: 1, message: '' })
    live.heard.onWhole?.({ data: [candle(1), candle(3)], seq: 9, store: 'A', has_more: false } as HistoryData)
    expect(await take(3)).toEqual(['live', ['history', 3], [3, 1, 9]])
  })

  it('resumes from what the reader took, when that is far behind', async () => {
    const { live, take, follower } = follow()
    live.history(5, [1])
    await take(1)
    for (let time = 2; time <= 10_002; time++) live.push(time + 5, time)
    expect(live.closed).toBe(1)
    const next = take(1)
    await vi.waitFor(() => expect(live.asked).toHaveLength(2))
    expect(live.heard).toMatchObject({ since: 5, store: 'A' })
    live.history(10_007, [1, 2])
    expect(await next).toEqual([[2, 1, 10_007]])
    expect(follower.position).toEqual({ seq: 10_007, store: 'A' })
  })

  it('goes on from a position; after a gap everything is void that the reader may have', async () => {
    const { live, take } = follow({ since: { seq: 7, store: 'A' } })
    expect(live.heard).toMatchObject({ since: 7, store: 'A' })
    live.history(9, [5])
    expect(await take(1)).toEqual([[5, 1, 9]])
    live.gap()
    live.history(20, [5])
    expect(await take(2)).toEqual([
      ['gap', undefined],
      [5, 1, 20],
    ])
  })

  it('ends with a refusal, and asks again when it asked too often', async () => {
    vi.useFakeTimers()
    const { live, follower } = follow()
    live.heard.onError?.(new RequestError(1005, 'slowly', ''))
    await vi.advanceTimersByTimeAsync(1500)
    expect(live.asked).toHaveLength(2)
    live.heard.onError?.(new RequestError(1001, 'no coin', ''))
    await expect(follower.next()).rejects.toMatchObject({ code: 1001 })
    expect(await follower.next()).toEqual({ value: undefined, done: true })
  })

  it('ends when it is closed, aborted or left', async () => {
    const { follower, live } = follow()
    const waiting = follower.next()
    follower.close()
    expect(await waiting).toEqual({ value: undefined, done: true })
    expect(live.closed).toBe(1)
    const stop = new AbortController()
    const other = follow({ signal: stop.signal })
    other.live.history(5, [1, 2])
    stop.abort()
    expect((await other.follower.next()).done).toBe(true)
    const left = follow()
    left.live.history(5, [1, 2])
    for await (const update of left.follower) {
      expect(update.type).toBe('candle')
      break
    }
    expect(left.live.closed).toBe(1)
  })
})

describe('events', () => {
  const event = (seq: number, signature: string) => ({ seq, signature, ordinal: 0 }) as EventData

  async function events() {
    const asked = answering(() => ({ seq: 4, store: 'A' }) as Partial<Klines>)
    const live = new FakeLive()
    const follower = new EventFollower(live as unknown as Client, server, eventsOf('M'), {}, ended)
    follower.start()
    await vi.waitFor(() => expect(live.asked).toHaveLength(1))
    expect(asked).toHaveLength(1)
    return { live, follower, next: async () => (await follower.next()).value }
  }

  it('begin with the next commit, also if nothing comes before the connection is lost', async () => {
    const { live, follower, next } = await events()
    expect(live.heard).toMatchObject({ since: 5, store: 'A' })
    live.heard.onEvent?.(event(7, 'a'))
    expect(await next()).toMatchObject({ type: 'event', event: { signature: 'a' } })
    expect(follower.position).toEqual({ seq: 7, store: 'A' })
  })

  it('are resumed from what the reader took, and none of them comes twice', async () => {
    const { live, next } = await events()
    live.heard.onEvent?.(event(7, 'a'))
    await next()
    for (let i = 0; i <= 10_000; i++) live.heard.onEvent?.(event(8 + i, `b${i}`))
    const waiting = next()
    await vi.waitFor(() => expect(live.asked).toHaveLength(2))
    expect(live.heard).toMatchObject({ since: 7, store: 'A' })
    live.heard.onEvent?.(event(7, 'a'))
    live.heard.onEvent?.(event(8, 'b0'))
    expect(await waiting).toMatchObject({ event: { signature: 'b0' } })
  })

  it('tell of what was missed, and whether that was another store', async () => {
    const { live, next, follower } = await events()
    live.gap()
    expect(await next()).toMatchObject({ type: 'gap', cause: 'gap', to_seq: 9 })
    expect(follower.position).toEqual({ seq: 10, store: 'A' })
    live.store = 'B'
    live.gap()
    expect(await next()).toMatchObject({ type: 'gap', cause: 'store', store: 'B' })
  })
})

it('tells the newest price, once', async () => {
  const live = new FakeLive()
  const prices = new PriceFollower(live as unknown as Client, 'M', {}, ended)
  prices.start()
  const price = (seq: number) => live.heard.onPrice?.({ seq, signature: `${seq}`, price: seq } as never)
  price(1)
  price(2)
  expect((await prices.next()).value).toMatchObject({ price: 2 })
  price(2) // a new connection
  price(3)
  expect((await prices.next()).value).toMatchObject({ price: 3 })
})

describe('bars', () => {
  const gap = (state: string) => JSON.stringify({ from_slot: 1, to_slot: 2, state, cause: 'x', seq: 1, to_time: 9 })

  function serving(klines: (url: URL) => Partial<Klines>) {
    const asked: URL[] = []
    vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
      const address = new URL(url)
      asked.push(address)
      expect(new Headers(init.headers).get('Authorization')).toBe('Bearer sesame')
      if (address.pathname === '/api/export') return Promise.resolve(new Response(`${gap('open')}\n${gap('filled')}\n`))
      return Promise.resolve(Response.json({ success: true, data: klines(address) }))
    })
    return asked
  }

  it('are read to the end, with the gaps among them', async () => {
    const asked = serving((url) => {
      const [to, limit] = ['to', 'limit'].map((name) => Number(url.searchParams.get(name))) as [number, number]
      return { klines: [candle(to), candle(to - 1)].slice(0, limit), has_next: to > 57, seq: to, store: 'A' }
    })
    const market = new Spinscope('http://test/', { token: 'sesame' })
    const bars = await market.bars('M', 'm5', { to: 60, limit: 3 })
    expect(bars.candles.map(({ time }) => time)).toEqual([58, 59, 60])
    expect(bars).toMatchObject({ seq: 60, store: 'A', gaps: [{ state: 'open', to_time: 9 }] })
    expect(asked.map(({ searchParams }) => [searchParams.get('to'), searchParams.get('limit')])).toEqual([
      ['60', '3'],
      ['58', '1'],
      ['360', null],
    ])
    market.close()
  })

  it('are read anew when the store changes on the way', async () => {
    let pages = 0
    serving(() => ({ klines: [candle(5)], has_next: pages < 2, seq: 1, store: pages++ === 0 ? 'A' : 'B' }))
    const market = new Spinscope('http://test', { token: 'sesame' })
    const bars = await market.bars('M', 'm1')
    expect(bars).toMatchObject({ store: 'B' })
    expect(bars.candles).toHaveLength(1)
    market.close()
  })
})
