// The same service over npm socket.io with ws, its defaults. Commands are those of bench/fanout/serve.
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { Server } from 'socket.io'

const [symbol, room] = process.argv.slice(2)
const http = createServer()
const io = new Server(http, { transports: ['polling', 'websocket'], pingInterval: 30000, pingTimeout: 60000, serveClient: false })
const space = io.of('/ws/kline')
space.on('connection', (client) => {
  client.on('subscribe_kline', () => {
    client.join(room)
    client.emit('history_data', { symbol, interval: 'm1', data: [] })
    client.emit('subscription_confirmed', { topic: room, success: true })
  })
  client.emit('connection_success', { clientId: client.id })
})

let seq = 0
function push() {
  seq++
  const slot = Math.round((performance.timeOrigin + performance.now()) * 1e6)
  const at = Math.floor(slot / 1e6)
  const time = 1755000000 + seq * 60
  space.to(room).emit('kline_data', {
    symbol, interval: 'm1', subscription_id: null,
    data: {
      time, open: 2.8000000000011e-8, high: 2.80000009e-8, low: 2.8000000000005e-8, close: 2.8000000007e-8, volume: 0,
      quote_volume: 0, trades: 3, buy_volume: 0, is_final: true, update_type: 'final', update_count: 3,
    },
    timestamp: at, seq, slot, block_time: time + 59, received_at: at, published_at: at,
  })
}

const breathe = () => new Promise((done) => setImmediate(done))
async function burst(count) {
  for (let i = 1; i <= count; i++) {
    push()
    if (i % 10 === 0) await breathe() // so that sockets are written to meanwhile
  }
}
function rate(perSecond, count) {
  return new Promise((done) => {
    const start = performance.now()
    let sent = 0
    const timer = setInterval(() => {
      for (; sent < count && (performance.now() - start) * perSecond >= 1000 * sent; sent++) push()
      if (sent < count) return
      clearInterval(timer)
      done()
    }, 1)
  })
}

http.listen(0, '127.0.0.1', async () => {
  console.log(`127.0.0.1:${http.address().port}`)
  for await (const line of createInterface({ input: process.stdin })) {
    const [name, ...numbers] = line.split(' ')
    if (name === 'burst') await burst(Number(numbers[0]))
    else if (name === 'rate') await rate(Number(numbers[0]), Number(numbers[1]))
    else if (name === 'stats') {
      const Uncollected = process.memoryUsage.rss()
      globalThis.gc?.()
      const { rss, heapUsed } = process.memoryUsage()
      console.log(JSON.stringify({ Resident: rss, Uncollected, Heap: heapUsed, Goroutines: 0, Connections: space.sockets.size, Cut: 0 }))
      continue
    } else throw new Error(`unknown command ${line}`)
    console.log('ok')
  }
  process.exit(0)
})
