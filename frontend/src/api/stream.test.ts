import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { FakeServer } from './fake-server'
import { Stream, type StreamEvents } from './stream'

let server: FakeServer
let stream: Stream | undefined

beforeEach(async () => {
  server = await FakeServer.start()
})

afterEach(async () => {
  stream?.close()
  await server.close()
})

function open() {
  const events = {
    link: vi.fn<StreamEvents['link']>(),
    history: vi.fn<StreamEvents['history']>(),
    kline: vi.fn<StreamEvents['kline']>(),
    price: vi.fn<StreamEvents['price']>(),
    event: vi.fn<StreamEvents['event']>(),
    token: vi.fn<StreamEvents['token']>(),
    alert: vi.fn<NonNullable<StreamEvents['alert']>>(),
    gap: vi.fn<StreamEvents['gap']>(),
    error: vi.fn<StreamEvents['error']>(),
  }
  stream = new Stream({ base: server.url, token: '' }, events)
  stream.open()
  return { stream, events }
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 8000, interval: 10 })

it('asks for what was wanted before it was connected', async () => {
  const { stream, events } = open()
  stream.watchKline('MINT', 'm1', 41)
  stream.watchEvents('MINT')
  stream.watchTokens()
  stream.watchAlerts()
  stream.watchPrices(['A', 'B'])
  stream.watchPrices(['B', 'C'])
  await until(() => expect(server.requests).toHaveLength(6))
  expect(server.requests).toEqual([
    ['subscribe_kline', { symbol: 'MINT', interval: 'm1', since_seq: 41 }],
    ['subscribe_events', { symbol: 'MINT' }],
    ['subscribe_token_events', {}],
    ['subscribe_alerts', {}],
    ['subscribe_price', { symbol: 'B' }],
    ['subscribe_price', { symbol: 'C' }],
  ])
  expect(events.link.mock.calls).toEqual([
    ['connecting', ''],
    ['connected', ''],
  ])
})

it('keeps a topic until the last that wants it goes, and asks again for who has read less', async () => {
  const { stream } = open()
  stream.watchKline('MINT', 'm1', 10)
  await until(() => expect(server.requests).toHaveLength(1))
  stream.watchKline('MINT', 'm1', 10)
  stream.watchKline('MINT', 'm1', 4)
  stream.unwatchKline('MINT', 'm1')
  stream.unwatchKline('MINT', 'm1')
  stream.watchEvents('MINT')
  stream.unwatchKline('MINT', 'm1')
  await until(() => expect(server.requests).toHaveLength(4))
  expect(server.requests.slice(1)).toEqual([
    ['subscribe_kline', { symbol: 'MINT', interval: 'm1', since_seq: 4 }],
    ['subscribe_events', { symbol: 'MINT' }],
    ['unsubscribe_kline', { symbol: 'MINT', interval: 'm1' }],
  ])
})

it('names the store that the page was read from, and asks again when another page is of another store', async () => {
  server.store = 'old'
  const { stream } = open()
  stream.watchKline('MINT', 'm1', 10, 'old')
  await until(() => expect(server.requests).toHaveLength(1))
  stream.watchKline('MINT', 'm1', 12, 'old')
  stream.watchKline('MINT', 'm1', 12, 'new')
  await until(() => expect(server.requests).toHaveLength(2))
  const asked = (since_seq: number, store: string) => [
    'subscribe_kline',
    { symbol: 'MINT', interval: 'm1', since_seq, store },
  ]
  expect(server.requests).toEqual([asked(10, 'old'), asked(12, 'new')])
})

it('hands on only what is still wanted, once', async () => {
  const { stream, events } = open()
  stream.watchKline('MINT', 'm1', 0)
  await until(() => expect(events.history).toHaveBeenCalledTimes(1))
  stream.unwatchKline('MINT', 'm1')
  stream.watchKline('MINT', 'm5', 0)
  stream.watchKline('MINT', 'm5', 0)
  await until(() => expect(events.history).toHaveBeenCalledTimes(2))
  server.push('kline_data', { symbol: 'MINT', interval: 'm1', seq: 5, data: {} })
  server.push('kline_data', { symbol: 'MINT', interval: 'm5', seq: 6, data: {} })
  server.push('gap', { topic: 'kline:MINT:m5', from_seq: 7, to_seq: 8, reason: '' })
  await until(() => expect(events.gap).toHaveBeenCalledTimes(1))
  expect(events.kline.mock.calls.map(([push]) => push.interval)).toEqual(['m5'])
})

it('passes refusals on', async () => {
  const { stream, events } = open()
  server.answer = () => ({ success: false, code: 1002, message: 'enough' })
  stream.watchEvents('MINT')
  await until(() => expect(events.error).toHaveBeenCalledTimes(1))
  expect(events.error.mock.calls[0]?.[0]).toMatchObject({ code: 1002, message: 'enough', topic: 'events:MINT' })
})

it('asks anew for what was refused, as soon as somebody else wants it', async () => {
  const { stream, events } = open()
  server.answer = () => ({ success: false, code: 1001, message: 'no coin' })
  stream.watchEvents('MINT')
  stream.watchKline('MINT', 'm1', 4)
  await until(() => expect(events.error).toHaveBeenCalledTimes(2))
  server.answer = () => ({ success: true })
  stream.watchEvents('MINT')
  stream.watchKline('MINT', 'm1', 5)
  await until(() => expect(server.requests).toHaveLength(4))
  stream.watchEvents('MINT') // it stands
  server.push('event_data', { symbol: 'MINT', seq: 6, event_data: {} })
  await until(() => expect(events.event).toHaveBeenCalledTimes(1))
  expect(server.requests.slice(2)).toEqual([
    ['subscribe_events', { symbol: 'MINT' }],
    ['subscribe_kline', { symbol: 'MINT', interval: 'm1', since_seq: 5 }],
  ])
})
