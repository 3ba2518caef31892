import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeServer } from '../fake-server'
import { type Client, connect, ConnectionLostError, type EventData, type HistoryData, RequestError } from './index'
import { socketAddress } from './index'
import type { KlineData, Options, StreamGap } from './index'

let server: FakeServer
const clients: Client[] = []

beforeEach(async () => {
  server = await FakeServer.start()
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await server.close()
})

const until = (check: () => void) => vi.waitFor(check, { timeout: 8000, interval: 10 })

function open(options: Options = {}, url = server.url): Client {
  const client = connect(url, { retryDelay: 20, ...options })
  clients.push(client)
  return client
}

function candles() {
  return {
    onHistory: vi.fn<(history: HistoryData) => void>(),
    onCandle: vi.fn<(push: KlineData) => void>(),
    onGap: vi.fn<(gap: StreamGap) => void>(),
  }
}

const candle = (seq: number) => ({ symbol: 'MINT', interval: 'm1', seq, data: {} })
const event = (seq: number, signature: string, ordinal = 0) => ({ symbol: 'MINT', seq, signature, ordinal })

describe('resuming', () => {
  it('asks every topic for what came since the last commit that all were told of', async () => {
    const client = open()
    const heard = candles()
    const onEvent = vi.fn<(push: EventData) => void>()
    const shown = client.candles('MINT', 'm1', { since: 10, ...heard })
    client.events('MINT', { onEvent })
    client.prices('MINT', {})
    await until(() => expect(server.requests).toHaveLength(3))
    server.push('event_data', event(14, 'a'))
    server.push('kline_data', candle(15))
    await until(() => expect(heard.onCandle).toHaveBeenCalledTimes(1))
    expect(shown.seq).toBe(15)
    server.cut()
    await until(() => expect(server.requests).toHaveLength(3))
    expect(server.requests).toEqual([
      ['subscribe_kline', { symbol: 'MINT', interval: 'm1', since_seq: 15 }],
      // Quiet since 14, but what is live has been told of all up to 15.
      ['subscribe_events', { symbol: 'MINT', since_seq: 15 }],
      ['subscribe_price', { symbol: 'MINT' }],
    ])
  })

  it('does not count what others were told while a replay is under way', async () => {
    const client = open()
    const heard = candles()
    client.candles('MINT', 'm1', heard)
    await until(() => expect(heard.onHistory).toHaveBeenCalledTimes(1))
    const onEvent = vi.fn<(push: EventData) => void>()
    server.answer = () => {
      server.push('event_data', event(3, 'a'))
      server.push('kline_data', candle(50))
      server.cut()
      server.answer = () => ({ success: true })
      return { success: true }
    }
    client.events('MINT', { since: 2, onEvent })
    await until(() => expect(server.requests).toHaveLength(2))
    expect(server.requests).toEqual([
      ['subscribe_kline', { symbol: 'MINT', interval: 'm1', since_seq: 50 }],
      ['subscribe_events', { symbol: 'MINT', since_seq: 3 }],
    ])
  })

  it('follows a server whose commits count from below', async () => {
    const client = open()
    const heard = candles()
    const onEvent = vi.fn<(push: EventData) => void>()
    server.commit = 3
    client.candles('MINT', 'm1', { since: 1000, ...heard })
    client.events('MINT', { since: 1000, onEvent })
    await until(() => expect(server.requests).toHaveLength(2))
    server.push('gap', { topic: 'events:MINT', from_seq: 1, to_seq: 3, reason: 'another store' })
    server.push('event_data', event(4, 'a'))
    server.push('kline_data', candle(4))
    await until(() => expect(heard.onCandle).toHaveBeenCalledTimes(1))
    expect(onEvent).toHaveBeenCalledTimes(1)
    server.cut()
    await until(() => expect(server.requests).toHaveLength(2))
    expect(server.requests.map(([, payload]) => payload['since_seq'])).toEqual([4, 4])
  })

  it('names the store that was told from, also when another server is there by now', async () => {
    server.store = 'old'
    const client = open()
    const heard = candles()
    const onGap = vi.fn<(gap: StreamGap) => void>()
    const shown = client.candles('MINT', 'm1', { since: 10, store: 'older', ...heard })
    client.events('MINT', { onGap })
    await until(() => expect(heard.onHistory).toHaveBeenCalledTimes(1))
    expect(server.requests[0]).toEqual([
      'subscribe_kline',
      { symbol: 'MINT', interval: 'm1', since_seq: 10, store: 'older' },
    ])
    expect(server.requests[1]).toEqual(['subscribe_events', { symbol: 'MINT' }])
    server.push('event_data', event(14, 'a'))
    server.push('kline_data', candle(15))
    await until(() => expect(shown.seq).toBe(15))
    expect(shown.store).toBe('old')
    server.store = 'new'
    server.commit = 20
    server.answer = (name) => {
      // Cut once, before the events were answered: what they were told is still of the old store.
      if (name !== 'subscribe_events') return { success: true }
      server.answer = () => ({ success: true })
      server.cut()
      return { success: true }
    }
    server.cut()
    await until(() => expect(heard.onHistory).toHaveBeenCalledTimes(3))
    expect(shown.store).toBe('new')
    await until(() => expect(server.requests).toHaveLength(2))
    expect(server.requests).toEqual([
      ['subscribe_kline', { symbol: 'MINT', interval: 'm1', since_seq: 20, store: 'new' }],
      ['subscribe_events', { symbol: 'MINT', since_seq: 15, store: 'old' }],
    ])
    server.push('gap', { topic: 'events:MINT', from_seq: 1, to_seq: 20, reason: 'another store' })
    server.push('event_data', event(21, 'a'))
    await until(() => expect(onGap).toHaveBeenCalledTimes(1))
    server.cut()
    await until(() => expect(server.requests).toHaveLength(2))
    expect(server.requests[1]).toEqual(['subscribe_events', { symbol: 'MINT', since_seq: 21, store: 'new' }])
  })

  it('comes back by itself when the server ended the session or refused it', async () => {
    const onLink = vi.fn<NonNullable<Options['onLink']>>()
    open({ onLink })
    await until(() => expect(server.clients).toHaveLength(1))
    server.refusals = 2
    server.clients[0]?.disconnect(true)
    await until(() => expect(server.clients).toHaveLength(2))
    await until(() => expect(onLink).toHaveBeenLastCalledWith('connected', ''))
    expect(onLink.mock.calls.map(([link]) => link)).toContain('offline')
  })

  it('tells that nobody is there, and finds the server once it is', async () => {
    const { port, url } = server
    await server.close()
    const onLink = vi.fn<NonNullable<Options['onLink']>>()
    const client = open({ onLink, retryDelay: 1000 }, url)
    await until(() => expect(onLink).toHaveBeenLastCalledWith('offline', expect.any(String)))
    server = await FakeServer.start(port)
    client.retry()
    await until(() => expect(client.link).toBe('connected'))
  })
})

describe('telling', () => {
  it('tells an event once, and again when something about it has changed', async () => {
    const client = open()
    const onEvent = vi.fn<(push: EventData) => void>()
    const onAny = vi.fn<(push: EventData) => void>()
    client.events('MINT', { onEvent })
    client.events(null, { onEvent: onAny })
    await until(() => expect(server.requests).toHaveLength(2))
    server.push('event_data', event(5, 'a', 0))
    server.push('event_data', event(5, 'a', 1))
    await until(() => expect(onEvent).toHaveBeenCalledTimes(2))
    server.cut()
    await until(() => expect(server.requests).toHaveLength(2))
    server.push('event_data', event(5, 'a', 0))
    server.push('event_data', event(5, 'a', 1))
    server.push('event_data', event(5, 'b', 0))
    server.push('event_data', event(6, 'a', 0)) // its block time is known now
    await until(() => expect(onEvent).toHaveBeenCalledTimes(4))
    const told = [5, 5, 5, 6]
    expect(onEvent.mock.calls.map(([push]) => push.seq)).toEqual(told)
    expect(onAny.mock.calls.map(([push]) => push.seq)).toEqual(told)
  })

  it('gives each subscription of a topic its own history, then all the pushes', async () => {
    const client = open()
    const first = candles()
    const second = candles()
    const one = client.candles('MINT', 'm1', first)
    await until(() => expect(first.onHistory).toHaveBeenCalledTimes(1))
    const two = client.candles('MINT', 'm1', { since: 4, ...second })
    server.push('kline_data', candle(5)) // is in the second's history
    await until(() => expect(second.onHistory).toHaveBeenCalledTimes(1))
    server.push('kline_data', candle(6))
    await until(() => expect(second.onCandle).toHaveBeenCalledTimes(1))
    expect(first.onHistory).toHaveBeenCalledTimes(1)
    expect(first.onCandle).toHaveBeenCalledTimes(2)
    one.close()
    two.close()
    two.close()
    await until(() => expect(server.requests.at(-1)?.[0]).toBe('unsubscribe_kline'))
    expect(server.requests.filter(([name]) => name === 'unsubscribe_kline')).toHaveLength(1)
  })

  it('tells of a gap whom it is about', async () => {
    const client = open()
    const heard = candles()
    const others = vi.fn<(gap: StreamGap) => void>()
    client.candles('MINT', 'm1', heard)
    client.tokens({ onGap: others })
    await until(() => expect(server.requests).toHaveLength(2))
    server.push('gap', { topic: 'kline:MINT:m1', from_seq: 1, to_seq: 2, reason: 'too much' })
    await until(() => expect(heard.onGap).toHaveBeenCalledTimes(1))
    expect(others).not.toHaveBeenCalled()
  })

  it('brings tokens, alerts and prices', async () => {
    const client = open()
    const onToken = vi.fn()
    const onAlert = vi.fn()
    const onPrice = vi.fn()
    client.tokens({ onToken })
    client.alerts({ onAlert })
    client.prices('MINT', { onPrice })
    await until(() => expect(server.requests).toHaveLength(3))
    server.push('token_created', { mint_account: 'MINT', seq: 1 })
    server.push('alert', { id: 'x', seq: 1 })
    server.push('price_update', { symbol: 'MINT', seq: 1 })
    server.push('price_update', { symbol: 'OTHER', seq: 1 })
    await until(() => expect(onPrice).toHaveBeenCalledTimes(1))
    expect(onToken).toHaveBeenCalledTimes(1)
    expect(onAlert).toHaveBeenCalledTimes(1)
  })
})

describe('failing', () => {
  it('ends a refused subscription with a typed error', async () => {
    const onError = vi.fn<(error: RequestError) => void>()
    const everywhere = vi.fn<(error: RequestError) => void>()
    server.answer = () => ({ success: false, code: 1002, message: 'enough' })
    const client = open({ onError: everywhere })
    client.events('MINT', { onError })
    await until(() => expect(onError).toHaveBeenCalledTimes(1))
    expect(onError.mock.calls[0]?.[0]).toBeInstanceOf(RequestError)
    expect(onError.mock.calls[0]?.[0]).toMatchObject({ code: 1002, message: 'enough', topic: 'events:MINT' })
    expect(everywhere).toHaveBeenCalledTimes(1)
    server.cut()
    await until(() => expect(server.clients).toHaveLength(2))
    expect(server.requests).toEqual([])
  })

  it('gives the token, and stops asking when it is refused', async () => {
    server.token = 'sesame'
    const refused = open({ token: 'wrong' })
    await until(() => expect(refused.link).toBe('unauthorized'))
    const client = open({ token: 'sesame' })
    await until(() => expect(client.link).toBe('connected'))
    expect(server.clients).toHaveLength(1)
  })

  it('answers a history, a refusal and a loss', async () => {
    const client = open()
    await expect(client.history('MINT', 'm1')).rejects.toBeInstanceOf(ConnectionLostError)
    await until(() => expect(client.link).toBe('connected'))
    server.answer = () => ({ success: true, symbol: 'MINT', data: [], seq: 7 })
    await expect(client.history('MINT', 'm1', { limit: 5, order: 'desc' })).resolves.toMatchObject({ seq: 7 })
    const request = { symbol: 'MINT', interval: 'm1', limit: 5, order: 'desc', event: false }
    expect(server.requests).toEqual([['get_history', request]])
    server.answer = () => ({ success: false, code: 1001, message: 'interval: use m1' })
    await expect(client.history('MINT', 'm1')).rejects.toMatchObject({ code: 1001 })
    server.answer = () => {
      server.cut()
      return { success: true }
    }
    await expect(client.history('MINT', 'm1')).rejects.toBeInstanceOf(ConnectionLostError)
  })
})

it('reads a stretch of history once, and leaves a subscription its own', async () => {
  const client = open()
  await until(() => expect(client.link).toBe('connected'))
  const heard: string[] = []
  server.clients[0]?.conn.on('packetCreate', ({ data }: { data?: string }) => heard.push(String(data)))
  server.answer = () => ({ success: true, symbol: 'MINT', data: [], seq: 7 })
  const onHistory = vi.fn()
  const stretch = client.history('MINT', 'm1')
  client.candles('MINT', 'm1', { onHistory })
  await expect(stretch).resolves.toMatchObject({ seq: 7 })
  await until(() => expect(onHistory).toHaveBeenCalledTimes(1))
  expect(heard.filter((packet) => packet.includes('history_data'))).toHaveLength(1)
})

it('finds Socket.IO below a path that a proxy put before the server', () => {
  const own = { namespace: '/ws/kline', path: '/socket.io/' }
  expect(socketAddress('')).toEqual(own)
  for (const url of ['http://127.0.0.1:5051', 'http://127.0.0.1:5051/', 'http://[::1]:5051', '127.0.0.1:5051']) {
    expect(socketAddress(url)).toEqual({ ...own, namespace: `${url.replace(/\/$/, '')}/ws/kline` })
  }
  for (const url of ['https://charts.example/a/b', 'https://charts.example/a/b/']) {
    expect(socketAddress(url)).toEqual({ namespace: 'https://charts.example/ws/kline', path: '/a/b/socket.io/' })
  }
})
