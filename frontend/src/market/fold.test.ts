import { expect, test } from 'vitest'
import type { Candle } from './candle'
import { fold } from './fold'
import { floor } from './interval'
import { toTrade, type TapeEvent } from './trade'

/** A trade in whole smallest units, a second after the one before at most. */
function sell(time: number, price: string, tokens: number, lamports: number, buy = false): TapeEvent {
  return {
    event_type: 'BuySell',
    signature: `s${time}`,
    slot: time,
    ordinal: 0,
    timestamp: new Date(time * 1000).toISOString(),
    price_exact: price,
    is_buy: buy,
    token_amount: tokens,
    sol_amount: lamports,
  }
}

function all(events: readonly TapeEvent[]): Candle[] {
  const candles = new Map<number, Candle>()
  let last: Candle | undefined
  for (const event of events) {
    const trade = toTrade(event)
    const next = trade && fold('s5', last, trade)
    if (next) candles.set((last = next).time, next)
  }
  return [...candles.values()]
}

test('a candle opens at the close before it, and the very first one at its first trade', () => {
  const [first, second] = all([sell(100, '3', 1, 1), sell(104, '2', 1, 1), sell(105, '5', 1, 1, true)])
  expect(first).toMatchObject({ time: 100, open: 3, high: 3, low: 2, close: 2, trades: 2, is_final: false })
  expect(second).toMatchObject({ time: 105, open: 2, high: 5, low: 2, close: 5, trades: 1 })
})

test('sums are those of whole units, however many there are', () => {
  let state = 7
  const random = (most: number) => (state = (state * 48_271) % 2_147_483_647) % most
  const events = Array.from({ length: 5000 }, (_, i) =>
    sell(
      1000 + Math.floor(i / 400),
      `0.00000${1 + random(9)}`,
      random(900_000_000) + 1,
      random(2_000_000_000),
      i % 3 > 0,
    ),
  )

  const got = all(events)
  expect(got.length).toBe(3)
  for (const candle of got) {
    const inside = events.filter(({ timestamp }) => floor('s5', Date.parse(timestamp) / 1000) === candle.time) as {
      token_amount: number
      sol_amount: number
      is_buy: boolean
    }[]
    const sum = (list: number[]) => Number(list.reduce((a, b) => a + BigInt(b), 0n))
    expect(candle.volume).toBe(sum(inside.map((event) => event.token_amount)) / 1e6)
    expect(candle.quote_volume).toBe(sum(inside.map((event) => event.sol_amount)) / 1e9)
    expect(candle.buy_volume).toBe(sum(inside.filter((event) => event.is_buy).map((event) => event.token_amount)) / 1e6)
    expect(candle.trades).toBe(inside.length)
  }
})

test('what is no trade, or has no price, changes no candle; a trade before the last candle is refused', () => {
  expect(all([sell(100, '0', 1, 1), { ...sell(101, '1', 1, 1), event_type: 'TokenCreated' } as TapeEvent])).toEqual([])
  expect(() => all([sell(105, '1', 1, 1), sell(104, '1', 1, 1)])).toThrow('earlier')
})
