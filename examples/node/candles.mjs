// Prints live candles: node candles.mjs [MINT] [INTERVAL] [--url URL] [--token TOKEN]
// URL and TOKEN may also come from SPINSCOPE_URL and SPINSCOPE_TOKEN.
import { parseArgs } from 'node:util'
import { io } from 'socket.io-client'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string', default: process.env.SPINSCOPE_URL || 'http://127.0.0.1:5051' },
    token: { type: 'string', default: process.env.SPINSCOPE_TOKEN || '' },
  },
})
let [symbol, interval = 'm1'] = positionals
let seq // the newest commit seen: a reconnect resumes from there

const socket = io(`${values.url}/ws/kline`, { transports: ['websocket'], auth: { token: values.token } })
const fail = (text) => {
  console.error(text)
  process.exit(1)
}
const row = (c) =>
  console.log([new Date(c.time * 1000).toISOString(), c.open, c.high, c.low, c.close, c.volume, c.update_type].join('\t'))

socket.on('connection_success', ({ supportedSymbols }) => {
  symbol ??= supportedSymbols[0] // the mint traded last
  if (!symbol) return fail('the server knows no mint yet')
  socket.emit('subscribe_kline', { symbol, interval, since_seq: seq })
})
socket.on('history_data', (history) => {
  console.error(`${history.symbol} ${history.interval}: ${history.data.length} candles of history`)
  history.data.forEach(row)
  seq = history.seq
})
socket.on('kline_data', (push) => {
  row(push.data)
  seq = push.seq
})
socket.on('gap', (gap) => console.error(`missed commits ${gap.from_seq} to ${gap.to_seq}: ${gap.reason}`))
socket.on('error', (error) => console.error(`refused (${error.code}): ${error.message}`))
socket.on('connect_error', (error) => {
  const text = `cannot connect to ${values.url}: ${error.message}`
  if (error.data?.code === 1004) fail(text) // wrong token: trying again will not help
  console.error(text)
})
socket.on('disconnect', (reason) => {
  console.error(`disconnected: ${reason}`)
  if (reason === 'io server disconnect') socket.connect() // the other reasons reconnect by themselves
})
