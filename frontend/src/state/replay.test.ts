import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Event } from '../api/client/index'
import type { Candle } from '../market/candle'
import { fold } from '../market/fold'
import { SlotClock } from '../market/gap'
import { toTrade } from '../market/trade'
import { fakeRest, klines } from './fakes'
import { Replay } from './replay.svelte'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const FIRST = 1_000_020
/** A trade every two seconds, two in each hundredth. */
function trades(count: number): Event[] {
  return Array.from({ length: count }, (_, i) => ({
    event_type: 'BuySell',
    signature: `s${i}`,
    slot: 10 + i,
    ordinal: 0,
    timestamp: new Date((FIRST + 2 * (i - (i % 100 === 1 ? 1 : 0))) * 1000).toISOString(),
    price_exact: `${1 + ((i * 7) % 13)}`,
    is_buy: i % 2 === 0,
    token_amount: 1_000_000 + i,
    sol_amount: 5_000 + i,
  })) as unknown as Event[]
}

function candlesOf(events: readonly Event[]): Candle[] {
  const found = new Map<number, Candle>()
  let last: Candle | undefined
  for (const event of events) {
    const trade = toTrade(event)
    const next = trade && fold('m1', last, trade)
    if (next) found.set((last = next).time, next)
  }
  return [...found.values()]
}

function server(stored: { events: Event[] }) {
  const asked: string[] = []
  const rest = fakeRest({
    klines: async (_, __, { to = Infinity }) => {
      asked.push(`klines to ${to}`)
      return klines(
        candlesOf(stored.events).filter(({ time }) => time <= to),
        9,
      )
    },
    eventsUp: async (_, limit, page) => ({
      events: stored.events.slice((page - 1) * limit, page * limit),
      ...{
        total: stored.events.length,
        page,
        limit,
        has_next: page * limit < stored.events.length,
        has_prev: page > 1,
      },
    }),
    gaps: async () =>
      ({
        gaps: [
          { from_slot: 15, to_slot: 20, cause: 'the node was away', state: 'open' },
          { from_slot: 900, to_slot: 905, cause: 'later', state: 'open' },
        ],
        total: 2,
      }) as never,
  })
  return { asked, rest }
}

async function begin(stored: { events: Event[] }, at: number) {
  const { asked, rest } = server(stored)
  const replay = new Replay(rest, new SlotClock(), 'MINT', 'm1')
  await replay.begin(at)
  await vi.advanceTimersByTimeAsync(300)
  return { replay, asked, bars: () => replay.chart.market.series.bars }
}

/** As candles are compared: how they came to be known is no part of it. */
const plain = (list: readonly Candle[]) =>
  list.map(({ time, open, high, low, close, volume, quote_volume, buy_volume, trades }) => [
    ...[time, open, high, low, close, volume, quote_volume, buy_volume, trades],
  ])

it('shows what had happened by then, and nothing later, at each moment', async () => {
  const events = trades(1300)
  const { replay, asked, bars } = await begin({ events }, FIRST + 731)
  expect(replay.clock).toBe(FIRST + 731)
  expect(asked).toEqual([`klines to ${FIRST + 719}`])
  for (const steps of [0, 1, 1, 40, 700]) {
    for (let i = 0; i < steps; i++) await replay.stepTrade()
    await vi.advanceTimersByTimeAsync(300)
    const until = events.filter(({ timestamp }) => Date.parse(timestamp) / 1000 <= replay.clock)
    const shown = bars().reduce((sum, bar) => sum + bar.trades, 0)
    // Trades of one second are shown one after the other.
    expect(shown).toBeGreaterThanOrEqual(until.length - 1)
    expect(plain(bars())).toEqual(plain(candlesOf(events.slice(0, shown))))
    expect(replay.tape.trades[0]?.signature).toBe(`s${shown - 1}`)
  }
})

it('goes candle by candle to the end, where the candles are those that are stored', async () => {
  const events = trades(1300)
  const { replay, bars } = await begin({ events }, FIRST + 100)
  while (!replay.ended) {
    await replay.stepCandle()
    expect(replay.error).toBe('')
  }
  await vi.advanceTimersByTimeAsync(300)
  expect(plain(bars())).toEqual(plain(candlesOf(events)))
  expect(bars().every((bar) => bar.is_final)).toBe(true)
})

it('plays at its speed, never ahead of what was read, and ends with what is stored', async () => {
  const events = trades(600)
  const { replay, bars } = await begin({ events }, FIRST + 10)
  replay.speed = 20
  replay.toggle()
  replay.tick(0.1)
  expect(replay.clock).toBe(FIRST + 12)
  replay.tick(60)
  expect(replay.clock).toBe(FIRST + 17)
  for (let i = 0; replay.playing && i < 1000; i++) {
    replay.tick(0.25)
    await vi.advanceTimersByTimeAsync(20)
  }
  expect(replay.ended).toBe(true)
  expect(replay.clock).toBeLessThan(FIRST + 1205)
  expect(plain(bars())).toEqual(plain(candlesOf(events)))
})

it('jumps back as well, and forgets what was shown', async () => {
  const events = trades(900)
  const { replay, bars } = await begin({ events }, FIRST + 1500)
  await replay.begin(FIRST + 200)
  await vi.advanceTimersByTimeAsync(300)
  expect(plain(bars())).toEqual(plain(candlesOf(events.slice(0, 102)).filter(({ time }) => time <= FIRST + 200)))
  expect(replay.tape.trades.every(({ time }) => time <= FIRST + 200)).toBe(true)
})

it('names the gap that it is in, and none that is yet to come', async () => {
  const { replay } = await begin({ events: trades(900) }, FIRST + 3)
  expect(replay.gap?.cause).toBe('the node was away')
  await replay.begin(FIRST + 100)
  expect([replay.gap, replay.chart.gaps.marks.length]).toEqual([undefined, 1])
})

it('asks for marks of what was before, never of what comes', async () => {
  const marks = vi.fn(async () => ({ marks: [], reached: FIRST, seq: 9, next_cursor: null }) as never)
  const { rest } = server({ events: trades(900) })
  const replay = new Replay(() => ({ ...rest(), marks }) as never, new SlotClock(), 'MINT', 'm1')
  const see = () => replay.chart.marks.see('MINT', 'm1', replay.chart.market.series.oldest?.time)
  replay.chart.marks.want(true)
  await replay.begin(FIRST + 10)
  see()
  await vi.advanceTimersByTimeAsync(300)
  expect(marks).not.toHaveBeenCalled()

  await replay.begin(FIRST + 130)
  see()
  await vi.advanceTimersByTimeAsync(300)
  expect(marks).toHaveBeenCalledOnce()
  expect(marks.mock.calls[0]?.slice(0, 3)).toEqual(['MINT', 'm1', { from: FIRST, large: Infinity, to: FIRST + 119 }])
})

it('says when nothing is stored', async () => {
  const none = await begin({ events: [] }, FIRST)
  expect([none.replay.ended, none.bars(), none.replay.error]).toEqual([true, [], ''])
  const late = await begin({ events: trades(5) }, FIRST + 9000)
  expect([late.replay.ended, late.bars().length]).toEqual([true, 1])
  const early = await begin({ events: trades(5) }, FIRST - 9000)
  expect([early.replay.ended, early.replay.next, early.bars()]).toEqual([false, FIRST, []])
})

it('stops when what is stored has changed before its moment', async () => {
  const stored = { events: trades(1300) }
  const { replay } = await begin(stored, FIRST + 10)
  stored.events = stored.events.slice(7)
  for (let i = 0; i < 600 && !replay.error; i++) await replay.stepTrade()
  expect(replay.error).toMatch('has changed before this moment')
})
