import { beforeEach, expect, it, vi } from 'vitest'
import { RestError } from '../api/rest'
import type { Candle, HistoryData, KlineData, Klines } from '../api/client/index'
import { candle, fakeRest, klines, QuietStream } from './fakes'
import { Market } from './market.svelte'

const ask =
  vi.fn<
    (mint: string, interval: string, range: { limit: number; to?: number }, signal?: AbortSignal) => Promise<Klines>
  >()
let stream: QuietStream
let market: Market
let drawn: string[]

const push = (made: Candle, seq: number, interval = 'm1') =>
  market.onKline({ symbol: 'MINT', interval, data: made, seq, slot: 1, block_time: 1 } as KlineData)
const history = (data: Candle[], seq: number) =>
  market.onHistory({ symbol: 'MINT', interval: 'm1', data, seq } as HistoryData)
const frame = () => vi.advanceTimersByTimeAsync(300)

beforeEach(() => {
  vi.useFakeTimers()
  ask.mockReset()
  stream = new QuietStream()
  market = new Market(fakeRest({ klines: ask }), () => stream)
  drawn = []
  market.attach({
    rebuild: (bars, reset) => drawn.push(`${reset ? 'reset' : 'more'} ${bars.length}`),
    update: (bar, late) => drawn.push(`${late ? 'late' : 'bar'} ${bar.time} ${bar.close}`),
  })
})

async function open(): Promise<void> {
  ask.mockResolvedValueOnce(klines([candle(120), candle(60)], 10, true))
  await market.open('MINT', 'm1')
  await frame()
}

it('draws history once and goes on live from its commit', async () => {
  await open()
  expect(drawn).toEqual(['reset 2'])
  expect(market.phase).toBe('ready')
  expect(market.last?.time).toBe(120)
  expect(stream.wanted).toEqual(['+kline MINT m1 10'])
})

it('goes on from the store that the history was read from', async () => {
  ask.mockResolvedValueOnce({ ...klines([candle(60)], 10), store: 'one' })
  await market.open('MINT', 'm1')
  expect(stream.wanted).toEqual(['+kline MINT m1 10 of one'])
})

it('draws a burst of pushes once in a frame', async () => {
  await open()
  drawn = []
  for (let seq = 11; seq < 211; seq++) push(candle(180, seq), seq)
  expect(drawn).toEqual([])
  await frame()
  expect(drawn).toEqual(['bar 180 210'])
  expect(market.updates).toBe(200)
  push(candle(60, 5, { update_type: 'correction' }), 300)
  await frame()
  expect(drawn).toEqual(['bar 180 210', 'late 60 5'])
})

it('ignores pushes of another interval', async () => {
  await open()
  push(candle(180), 11, 'm5')
  await frame()
  expect(market.last?.time).toBe(120)
})

it('takes what changed while it was away without drawing all anew', async () => {
  await open()
  drawn = []
  history([candle(120, 3), candle(180, 4)], 20)
  await frame()
  expect(drawn).toEqual(['bar 120 3', 'bar 180 4'])
})

it('reads everything anew when the server counts from below', async () => {
  await open()
  ask.mockResolvedValueOnce(klines([candle(60, 9)], 2))
  history([], 2)
  await frame()
  expect(market.series.bars.map((bar) => bar.close)).toEqual([9])
  expect(market.series.seq).toBe(2)
})

it('reads everything anew after a gap, and says so', async () => {
  await open()
  ask.mockResolvedValueOnce(klines([candle(60)], 30))
  market.onGap({ topic: 'kline:OTHER:m1', from_seq: 1, to_seq: 2, reason: 'no' })
  market.onGap({ topic: 'kline:MINT:m1', from_seq: 1, to_seq: 2, reason: 'too long away' })
  await frame()
  expect(ask).toHaveBeenCalledTimes(2)
  expect(market.gap).toBe('too long away')
})

it('fetches older pages one at a time until there are none', async () => {
  await open()
  drawn = []
  ask.mockResolvedValueOnce(klines([candle(0)], 11, false))
  await Promise.all([market.loadOlder(), market.loadOlder()])
  await frame()
  expect(ask.mock.lastCall?.[2]).toEqual({ limit: 1000, to: 59 })
  expect(drawn).toEqual(['more 3'])
  await market.loadOlder()
  expect(ask).toHaveBeenCalledTimes(2)
})

it('shows the newest choice when the answers come late', async () => {
  let answer: (page: Klines) => void = () => undefined
  ask.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)))
  const first = market.open('SLOW', 'm1')
  await open()
  answer(klines([candle(60), candle(120), candle(180)], 99))
  await first
  await frame()
  expect(market.mint).toBe('MINT')
  expect(market.count).toBe(2)
})

it('is loading until the answer is there, also when it is drawn meanwhile', async () => {
  let answer: (page: Klines) => void = () => undefined
  ask.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)))
  const opened = market.open('MINT', 'm1')
  market.attach({ rebuild: () => undefined, update: () => undefined })
  await frame()
  expect(market.phase).toBe('loading')
  answer(klines([candle(60)], 1))
  await opened
  expect(market.phase).toBe('ready')
})

it('says that there is nothing, and what went wrong', async () => {
  ask.mockResolvedValueOnce(klines([], 5))
  await market.open('MINT', 'm1')
  await frame()
  expect(market.phase).toBe('empty')
  ask.mockRejectedValueOnce(new RestError('the server does not answer', 0))
  await market.open('MINT', 'm5')
  expect([market.phase, market.error]).toEqual(['error', 'the server does not answer'])
  ask.mockResolvedValueOnce(klines([candle(60)], 6))
  await market.reload()
  await frame()
  expect(market.phase).toBe('ready')
})
