// Asks a server for everything of /ws/kline and /kline with the real socket.io-client. Run by clients_test.go, which
// makes commits on demand: a line on stdout asks for one, the answer on stdin is its seq.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const { io } = createRequire(process.cwd() + '/')('socket.io-client')
const [url, symbol] = process.argv.slice(2)
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const commit = async (what) => {
  console.log(what)
  return Number((await answers.next()).value)
}

// client connects and keeps what comes until it is asked for.
function client(namespace, transports) {
  const socket = io(url + namespace, { transports, forceNew: true, reconnection: false })
  const came = []
  let wake = () => {}
  socket.onAny((event, payload) => {
    came.push({ event, payload })
    wake()
  })
  const next = async (event) => {
    for (;;) {
      const i = came.findIndex((one) => one.event === event)
      if (i >= 0) return came.splice(i, 1)[0].payload
      await new Promise((resolve) => (wake = resolve))
    }
  }
  const ask = (event, ...args) => socket.timeout(20000).emitWithAck(event, ...args)
  return { socket, came, next, ask }
}

const keysOfCandle = ['buy_volume', 'close', 'high', 'is_final', 'low', 'open', 'quote_volume', 'time', 'trades', 'update_count', 'update_type', 'volume']

async function original(transports) {
  const c = client('/ws/kline', transports)
  const hello = await c.next('connection_success')
  assert.equal(hello.clientId, c.socket.id)
  assert.ok(Math.abs(hello.serverTime - Date.now() / 1000) < 600)
  assert.equal(hello.supportedSymbols[0], symbol)

  const topic = { symbol, interval: 'm1' }
  const ack = await c.ask('subscribe_kline', { ...topic, subscription_id: 'one' })
  assert.deepEqual(ack, { topic: `kline:${symbol}:m1`, symbol, interval: 'm1', subscription_id: 'one', success: true, message: 'subscribed', store: hello.store })
  assert.match(hello.store, /^[0-9a-f]{32}$/)
  assert.deepEqual(c.came.map((one) => one.event), ['history_data', 'subscription_confirmed'])
  const history = await c.next('history_data')
  assert.equal(history.data.length, 100)
  assert.ok(history.data[0].time < history.data[99].time)
  assert.equal(history.has_more, true)
  assert.deepEqual(Object.keys(history.data[0]).sort(), keysOfCandle)
  await c.next('subscription_confirmed')

  let seq = await commit('trade')
  const push = await c.next('kline_data')
  assert.equal(push.seq, seq)
  assert.equal(push.subscription_id, null)
  assert.deepEqual(Object.keys(push.data).sort(), keysOfCandle)
  assert.ok(push.seq > history.seq && push.timestamp === push.published_at && push.block_time > 0 && push.slot > 0)

  const older = await c.ask('get_history', { ...topic, limit: 7, order: 'desc' })
  assert.equal(older.success, true)
  assert.equal(older.data.length, 7)
  assert.deepEqual({ ...(await c.next('history_data')), success: true }, older)

  assert.equal((await c.ask('subscribe_price', { symbol })).success, true)
  const price = await c.next('price_update')
  assert.equal(price.price, Number(price.price_exact))
  assert.equal(price.side, 'buy')
  assert.equal((await c.ask('subscribe_events', { symbol })).topic, `events:${symbol}`)
  assert.equal((await c.ask('subscribe_events', {})).topic, 'events')
  assert.equal((await c.ask('subscribe_token_events')).topic, 'token_events')
  assert.equal((await c.ask('subscribe_alerts')).topic, 'alerts')
  assert.equal((await c.ask('subscribe_price', { symbol })).message, 'already subscribed')
  await c.next('price_update') // said again
  const refused = await c.ask('subscribe_kline', { symbol, interval: 'h1' })
  assert.equal(refused.success, false)
  assert.equal(refused.code, 1002)
  assert.equal((await c.next('error')).code, 1002)

  c.came.length = 0
  seq = await commit('trade')
  const event = await c.next('event_data')
  assert.equal(event.seq, seq)
  assert.equal(event.event_type, 'BuySell')
  assert.equal(event.event_data.signature, event.signature)
  assert.equal((await c.next('price_update')).seq, seq)
  assert.equal((await c.next('kline_data')).seq, seq)
  seq = await commit('create')
  const created = await c.next('token_created')
  assert.equal(created.seq, seq)
  assert.equal(created.event_type, 'TokenCreated')
  assert.equal((await c.next('event_data')).seq, seq)
  assert.deepEqual(c.came, [], 'each event came once')

  for (const [event, payload] of [['unsubscribe_kline', topic], ['unsubscribe_price', { symbol }], ['unsubscribe_events', {}], ['unsubscribe_events', { symbol }], ['unsubscribe_token_events'], ['unsubscribe_alerts']]) {
    assert.equal((await c.ask(event, payload)).success, true, event)
    assert.equal((await c.next('unsubscribe_confirmed')).success, true, event)
  }
  await commit('trade')
  await c.ask('subscribe_events', { since_seq: seq })
  assert.equal((await c.next('event_data')).seq, seq)
  assert.equal((await c.next('event_data')).seq, seq + 1)
  assert.deepEqual(c.came.map((one) => one.event), ['subscription_confirmed'])
  c.socket.emit('subscribe_kline', 'nonsense')
  assert.equal((await c.next('error')).code, 1001)
  c.socket.disconnect()
}

async function spinServer() {
  const c = client('/kline', ['websocket'])
  const hello = await c.next('connection_success')
  assert.equal(hello.client_id, c.socket.id)
  assert.deepEqual(hello.supported_symbols, [])
  for (const name of ['s1', 's5', 's15', 's30', 'm1', 'm5', 'm15', 'h1', 'h4', 'd1']) assert.ok(hello.supported_intervals.includes(name))
  c.socket.emit('subscribe', { symbol, interval: 'm1', subscription_id: 'x' })
  const history = await c.next('history_data')
  assert.equal(history.data.length, 100)
  assert.ok(history.data[0].time > history.data[99].time)
  const confirmed = await c.next('subscription_confirmed')
  assert.deepEqual([confirmed.symbol, confirmed.interval, confirmed.subscription_id, confirmed.success], [symbol, 'm1', 'x', true])
  const seq = await commit('trade')
  assert.equal((await c.next('kline_data')).seq, seq)
  c.socket.emit('history', { symbol, interval: 'm1', limit: 3 })
  assert.equal((await c.next('history_data')).data.length, 3)
  c.socket.emit('ping')
  await c.next('pong')
  c.socket.emit('subscribe', { symbol: 'short', interval: 'm1' })
  assert.equal((await c.next('error')).code, 1001)
  c.socket.emit('unsubscribe', { symbol, interval: 'm1' })
  assert.equal((await c.next('unsubscribe_confirmed')).success, true)
  c.socket.disconnect()
}

await original(['websocket'])
await original(['polling', 'websocket'])
await original(['polling'])
await spinServer()
process.exit(0)
