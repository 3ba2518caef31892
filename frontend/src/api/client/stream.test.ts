import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server, type Socket } from 'socket.io'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Stream, type StreamEvents } from './stream'

// A real Socket.IO server: what is tested is what goes over the socket.
let http: HttpServer
let io: Server
let base: string
let requests: [string, Record<string, unknown>][]
let clients: Socket[]
let stream: Stream | undefined
let wantsToken = ''

beforeEach(async () => {
  requests = []
  clients = []
  wantsToken = ''
  http = createServer()
  io = new Server(http, { path: '/socket.io/' })
  io.of('/ws/kline')
    .use((socket, next) => {
      if (!wantsToken || socket.handshake.auth['token'] === wantsToken) next()
      else next(Object.assign(new Error('token needed'), { data: { code: 1004 } }))
    })
    .on('connection', (socket) => {
      clients.push(socket)
      socket.onAny((name: string, payload: Record<string, unknown>) => requests.push([name, payload]))
    })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
})

afterEach(async () => {
  stream?.close()
  await io.close()
})

function listener() {
  const events = {
    link: vi.fn<StreamEvents['link']>(),
    history: vi.fn<StreamEvents['history']>(),
    kline: vi.fn<StreamEvents['kline']>(),
    price: vi.fn<StreamEvents['price']>(),
    event: vi.fn<StreamEvents['event']>(),
    token: vi.fn<StreamEvents['token']>(),
    gap: vi.fn<StreamEvents['gap']>(),
    error: vi.fn<StreamEvents['error']>(),
  }
  return events
}

function open(events = listener(), token = '') {
  stream = new Stream({ base, token }, events)
  stream.open()
  return { stream, events }
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 8000, interval: 10 })

it('asks for what was wanted before it was connected', async () => {
  const { stream, events } = open()
  stream.watchKline('MINT', 'm1', 41)
  stream.watchEvents('MINT')
  stream.watchTokens()
  stream.watchPrices(['A', 'B'])
  stream.watchPrices(['B', 'C'])
  await until(() => expect(requests).toHaveLength(5))
  expect(requests).toEqual([
    ['subscribe_kline', { symbol: 'MINT', interval: 'm1', since_seq: 41 }],
    ['subscribe_events', { symbol: 'MINT' }],
    ['subscribe_token_events', {}],
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
  await until(() => expect(requests).toHaveLength(1))
  stream.watchKline('MINT', 'm1', 10)
  stream.watchKline('MINT', 'm1', 4)
  stream.unwatchKline('MINT', 'm1')
  stream.unwatchKline('MINT', 'm1')
  stream.watchEvents('MINT')
  stream.unwatchKline('MINT', 'm1')
  await until(() => expect(requests).toHaveLength(4))
  expect(requests.slice(1)).toEqual([
    ['subscribe_kline', { symbol: 'MINT', interval: 'm1', since_seq: 4 }],
    ['subscribe_events', { symbol: 'MINT' }],
    ['unsubscribe_kline', { symbol: 'MINT', interval: 'm1' }],
  ])
})

it('hands on only what is still wanted', async () => {
  const { stream, events } = open()
  stream.watchKline('MINT', 'm1', 0)
  await until(() => expect(requests).toHaveLength(1))
  stream.unwatchKline('MINT', 'm1')
  stream.watchKline('MINT', 'm5', 0)
  await until(() => expect(requests).toHaveLength(3))
  clients[0]?.emit('kline_data', { symbol: 'MINT', interval: 'm1', seq: 5, data: {} })
  clients[0]?.emit('kline_data', { symbol: 'MINT', interval: 'm5', seq: 6, data: {} })
  await until(() => expect(events.kline).toHaveBeenCalled())
  expect(events.kline.mock.calls.map(([push]) => push.interval)).toEqual(['m5'])
})

it('comes back after a cut and resumes every topic from the last commit it saw', async () => {
  const { stream, events } = open()
  stream.watchKline('MINT', 'm1', 10)
  stream.watchEvents('MINT')
  await until(() => expect(requests).toHaveLength(2))
  clients[0]?.emit('history_data', { symbol: 'MINT', interval: 'm1', seq: 12, data: [] })
  clients[0]?.emit('kline_data', { symbol: 'MINT', interval: 'm1', seq: 15, data: {} })
  clients[0]?.emit('event_data', { symbol: 'MINT', seq: 14, event_data: {} })
  await until(() => expect(events.event).toHaveBeenCalled())
  requests.length = 0
  clients[0]?.disconnect(true)
  await until(() => expect(requests).toHaveLength(2))
  expect(requests).toEqual([
    ['subscribe_kline', { symbol: 'MINT', interval: 'm1', since_seq: 15 }],
    ['subscribe_events', { symbol: 'MINT', since_seq: 14 }],
  ])
  expect(events.link.mock.calls.map(([state]) => state)).toEqual(['connecting', 'connected', 'offline', 'connected'])
})

it('follows a server whose commits count from below', async () => {
  const { stream, events } = open()
  stream.watchKline('MINT', 'm1', 1000)
  await until(() => expect(requests).toHaveLength(1))
  clients[0]?.emit('history_data', { symbol: 'MINT', interval: 'm1', seq: 3, data: [] })
  clients[0]?.emit('kline_data', { symbol: 'MINT', interval: 'm1', seq: 4, data: {} })
  requests.length = 0
  clients[0]?.emit('gap', {})
  await until(() => expect(events.gap).toHaveBeenCalled())
  clients[0]?.disconnect(true)
  await until(() => expect(requests).toHaveLength(1))
  expect(requests[0]?.[1]).toMatchObject({ since_seq: 4 })
})

it('gives the token, and stops asking when it is refused', async () => {
  wantsToken = 'sesame'
  const refused = open(listener(), 'wrong')
  await until(() => expect(refused.events.link).toHaveBeenLastCalledWith('unauthorized', 'token needed'))
  refused.stream.close()
  const { events } = open(listener(), 'sesame')
  await until(() => expect(events.link).toHaveBeenLastCalledWith('connected', ''))
  expect(clients).toHaveLength(1)
})

it('tells that nobody is there, and finds the server once it is', async () => {
  const { port } = http.address() as AddressInfo
  await io.close()
  const { stream, events } = open()
  await until(() => expect(events.link).toHaveBeenLastCalledWith('offline', expect.any(String)))
  http = createServer()
  io = new Server(http, { path: '/socket.io/' })
  io.of('/ws/kline')
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve))
  stream.retry()
  await until(() => expect(events.link).toHaveBeenLastCalledWith('connected', ''))
})
