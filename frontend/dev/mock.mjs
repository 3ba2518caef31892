// A stand-in for the Go server while the page is worked on: real Socket.IO, the REST routes the page uses, a random
// walk. `node dev/mock.mjs [port] [--token T] [--static dist]`
import { createReadStream, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { Server } from 'socket.io'

const args = process.argv.slice(2)
const option = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : '')
const port = Number(args.find((arg) => /^\d+$/.test(arg)) ?? 5051)
const token = option('--token')
const root = option('--static') || new URL('../dist', import.meta.url).pathname
const rate = Number(option('--rate') || 8)

const LENGTHS = { s1: 1, s5: 5, s15: 15, s30: 30, m1: 60, m5: 300, m15: 900, h1: 3600, h4: 14400, d1: 86400 }
const NAMES = [
  ['SPT', 'Spin Test Token'],
  ['FTK', 'Flat Track'],
  ['MOON', 'Moonlit Harbour'],
  ['KITE', 'Paper Kite'],
  ['OAK', 'Old Oak'],
  ['WAVE', 'Ninth Wave'],
  ['FOX', 'Quiet Fox'],
  ['BRASS', 'Brass Button Society'],
  ['TIDE', 'Spring Tide'],
  ['ZEN', 'Zen Garden'],
  ['LYRA', 'Lyra'],
  ['PIXEL', 'Pixel Dust'],
  ['EMBER', 'Ember'],
  ['NOVA', 'Nova Nine'],
]
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

let state = 42
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 4294967296
}
const base58 = (length) => Array.from({ length }, () => ALPHABET[Math.floor(random() * 58)]).join('')

let seq = 0
let slot = 312_004_117
let events = 0
const start = Math.floor(Date.now() / 1000)
const now = () => Math.floor(Date.now() / 1000)
const tokens = NAMES.map(([symbol, name], i) => ({
  mint: base58(44),
  symbol,
  name,
  created: start - 86400 * 2 + i * 9000,
  price: 2.795e-8 * (1 + random() * 30),
  candles: Object.fromEntries(Object.keys(LENGTHS).map((key) => [key, []])),
  trades: [],
  sol: 0,
  count: 0,
}))

function trade(item, time) {
  const before = item.price
  item.price *= 1 + (random() - 0.497) * 0.012
  const sol = Math.exp(random() * 6 - 3)
  const amount = sol / item.price
  const buy = item.price > before
  item.sol += sol
  item.count++
  events++
  const changed = []
  for (const [key, length] of Object.entries(LENGTHS)) {
    const list = item.candles[key]
    const at = Math.floor(time / length) * length
    let candle = list.at(-1)
    if (!candle || candle.time !== at) {
      if (candle && !candle.is_final) {
        candle.is_final = true
        candle.update_type = 'final'
        changed.push([key, candle])
      }
      candle = {
        time: at,
        open: before,
        high: before,
        low: before,
        close: before,
        volume: 0,
        quote_volume: 0,
        trades: 0,
      }
      Object.assign(candle, { buy_volume: 0, is_final: false, update_type: 'realtime', update_count: 0 })
      list.push(candle)
      if (list.length > 20000) list.shift()
    }
    candle.close = item.price
    candle.high = Math.max(candle.high, item.price)
    candle.low = Math.min(candle.low, item.price)
    candle.volume += amount
    candle.quote_volume += sol
    candle.buy_volume += buy ? amount : 0
    candle.update_count = ++candle.trades
    changed.push([key, candle])
  }
  const kind = random()
  const event = {
    event_type: kind < 0.8 ? 'BuySell' : kind < 0.9 ? 'LongShort' : kind < 0.97 ? 'FullClose' : 'ForceLiquidate',
    signature: base58(88),
    slot,
    ordinal: 0,
    timestamp: new Date(time * 1000).toISOString().replace('.000', ''),
    payer: base58(44),
    mint_account: item.mint,
    price_exact: item.price.toFixed(28),
    is_buy: buy,
    token_amount: Math.round(amount * 1e6),
    sol_amount: Math.round(sol * 1e9),
    user: base58(44),
    order_type: buy ? 1 : 2,
    borrow_amount: Math.round(buy ? sol * 1e9 : amount * 1e6),
    position_asset_amount: Math.round(buy ? amount * 1e6 : sol * 1e9),
    is_close_long: !buy,
    final_token_amount: Math.round(amount * 1e6),
    final_sol_amount: Math.round(sol * 1e9),
  }
  item.trades.push(event)
  if (item.trades.length > 500) item.trades.shift()
  return { changed, event, buy }
}

for (const item of tokens) {
  let time = start - 86400 * 1.2
  while (time < start - 1) {
    time += 1 + Math.floor(random() * 40)
    trade(item, Math.min(Math.floor(time), start - 1))
  }
}
seq = 1000

const detail = (item) => ({
  mint_account: item.mint,
  payer: item.mint,
  created_by: item.mint,
  curve_account: item.mint,
  name: item.name,
  symbol: item.symbol,
  swap_fee: 1000,
  borrow_fee: 2000,
  fee_discount_flag: 0,
  create_timestamp: item.created * 1000,
  latest_price: String(Math.round(item.price * 1e28)),
  price_exact: item.price.toFixed(28),
  latest_trade_time: Date.parse(item.trades.at(-1)?.timestamp ?? 0),
  total_sol_amount: Math.round(item.sol * 1e9),
  total_margin_sol_amount: 12e9,
  total_force_liquidations: 3,
  total_close_profit: 1e9,
  total_trades: item.count,
  uri_data: null,
})
const find = (mint) => tokens.find((item) => item.mint === mint)
const paging = (total, page, limit) => ({ total, page, limit, has_next: page * limit < total, has_prev: page > 1 })

function rest(url, body) {
  const get = (name, other) => url.searchParams.get(name) ?? other
  const limit = Math.min(1000, Number(get('limit', 50)))
  switch (url.pathname) {
    case '/api/events/status':
      return {
        is_running: true,
        last_event_time: now(),
        total_events_processed: events,
        connection_status: 'connected',
        program_id: 'JBMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUTBZ',
        cluster: 'demo',
        endpoint: 'ws://127.0.0.1:4000',
        slot,
        lag_slots: 0,
        chain_time: now(),
        seq,
        last_error: '',
        failures: 0,
        backfill: { running: false, done: 0, total: 0, eta_seconds: 0 },
      }
    case '/api/kline/status':
      return {
        enabled: true,
        service_status: 'running',
        stats: { active_connections: io.engine.clientsCount, total_subscriptions: 0, monitored_mints: 0, gaps_open: 0 },
      }
    case '/api/mints': {
      const key = { created_desc: 'created', volume_desc: 'sol', last_trade_desc: 'count' }[
        get('sort_by', 'created_desc')
      ]
      const mints = [...tokens].sort((a, b) => b[key] - a[key]).map((item) => item.mint)
      return { mints: mints.slice(0, limit), ...paging(mints.length, 1, limit), next_cursor: null }
    }
    case '/api/details': {
      const details = body.mints.map(find).filter(Boolean).map(detail)
      return { details, total: details.length }
    }
    case '/api/events': {
      const list = find(get('mint'))?.trades.toReversed() ?? []
      return { events: list.slice(0, limit), ...paging(list.length, 1, limit) }
    }
    case '/api/mint_orders':
      return { orders: [], ...paging(0, 1, limit) }
    case '/api/kline': {
      const [from, to] = [Number(get('from', 0)), Number(get('to', Infinity))]
      const list = (find(get('mint'))?.candles[get('interval')] ?? []).filter((c) => c.time >= from && c.time <= to)
      return { klines: list.toReversed().slice(0, limit), ...paging(list.length, 1, limit), seq }
    }
    default:
      return undefined
  }
}

const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost')
  if (url.pathname.startsWith('/api/')) {
    const answer = (status, value) => {
      response.writeHead(status, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify(value))
    }
    if (token && request.headers.authorization !== `Bearer ${token}`) {
      return answer(401, { success: false, data: null, message: 'token needed' })
    }
    let text = ''
    for await (const part of request) text += part
    if (url.pathname === '/api/export') {
      const list = find(url.searchParams.get('mint'))?.candles[url.searchParams.get('interval')] ?? []
      const head = 'time,open,high,low,close,volume,quote_volume,trades,buy_volume,is_final'
      response.writeHead(200, { 'Content-Type': 'text/csv' })
      return response.end(
        [
          head,
          ...list.map((c) =>
            head
              .split(',')
              .map((key) => c[key])
              .join(','),
          ),
        ].join('\n') + '\n',
      )
    }
    const data = rest(url, text ? JSON.parse(text) : {})
    return data
      ? answer(200, { success: true, data, message: '' })
      : answer(404, { success: false, data: null, message: 'no such route' })
  }
  const path = normalize(join(root, url.pathname === '/' ? 'index.html' : url.pathname))
  if (!path.startsWith(root) || !existsSync(path)) return response.writeHead(404).end()
  response.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream' })
  createReadStream(path).pipe(response)
})

const io = new Server(server, { path: '/socket.io/' })
const space = io.of('/ws/kline')
space.use((socket, next) => {
  if (!token || socket.handshake.auth.token === token) return next()
  next(Object.assign(new Error('token needed'), { data: { code: 1004 } }))
})
space.on('connection', (socket) => {
  socket.on('subscribe_kline', ({ symbol, interval, since_seq }) => {
    const list = find(symbol)?.candles[interval] ?? []
    socket.join(`kline:${symbol}:${interval}`)
    const data = since_seq ? list.slice(-3) : list.slice(-100)
    socket.emit('history_data', { symbol, interval, data, has_more: true, total_count: list.length, seq })
  })
  socket.on('unsubscribe_kline', ({ symbol, interval }) => socket.leave(`kline:${symbol}:${interval}`))
  for (const kind of ['price', 'events']) {
    socket.on(`subscribe_${kind}`, ({ symbol }) => {
      socket.join(`${kind}:${symbol}`)
      const item = find(symbol)
      if (kind === 'price' && item) socket.emit('price_update', price(item, 'buy', now()))
    })
    socket.on(`unsubscribe_${kind}`, ({ symbol }) => socket.leave(`${kind}:${symbol}`))
  }
})

const price = (item, side, timestamp) => ({
  symbol: item.mint,
  price: item.price,
  price_exact: String(item.price),
  timestamp,
  side,
  seq,
})

setInterval(() => {
  const item = tokens[Math.floor(random() ** 2 * tokens.length)]
  const time = now()
  slot = 312_004_117 + Math.floor((Date.now() / 1000 - start) / 0.4)
  const { changed, event, buy } = trade(item, time)
  seq++
  for (const [interval, candle] of changed) {
    const stamp = {
      seq,
      slot,
      block_time: time,
      received_at: Date.now(),
      published_at: Date.now(),
      timestamp: Date.now(),
    }
    space
      .to(`kline:${item.mint}:${interval}`)
      .emit('kline_data', { symbol: item.mint, interval, data: candle, ...stamp })
  }
  space.to(`price:${item.mint}`).emit('price_update', price(item, buy ? 'buy' : 'sell', time))
  const push = { symbol: item.mint, event_type: event.event_type, event_data: event, timestamp: time * 1000 }
  space.to(`events:${item.mint}`).emit('event_data', { ...push, signature: event.signature, ordinal: 0, slot, seq })
}, 1000 / rate)

server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
