// Prints live candles: node candles.mjs [MINT] [INTERVAL] [--url URL] [--token TOKEN]
// URL and TOKEN may also come from SPINSCOPE_URL and SPINSCOPE_TOKEN.
import { parseArgs } from 'node:util'
import { io } from 'socket.io-client'

const fail = (text) => {
  console.error(text)
  process.exit(1)
}
function options() {
  const url = { type: 'string', default: process.env.SPINSCOPE_URL || 'http://127.0.0.1:5051' }
  const token = { type: 'string', default: process.env.SPINSCOPE_TOKEN || '' }
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { url, token } })
    return { ...values, positionals, server: new URL('/ws/kline', values.url).href }
  } catch (error) {
    return fail(`${error.message}: node candles.mjs [MINT] [INTERVAL] [--url http://HOST:PORT] [--token TOKEN]`)
  }
}

const { url, token, server, positionals } = options()
let [symbol, interval = 'm1'] = positionals
let seq, store // the newest commit seen, and of which store: a reconnect resumes from there

const socket = io(server, { transports: ['websocket'], auth: { token } })
const row = (c) =>
  console.log([new Date(c.time * 1000).toISOString(), c.open, c.high, c.low, c.close, c.volume, c.update_type].join('\t'))

function follow(mint) {
  symbol ??= mint
  if (symbol) socket.emit('subscribe_kline', { symbol, interval, since_seq: seq, store })
  else socket.emit('subscribe_token_events', { since_seq: 1 }) // nothing was traded yet: the first mint will do
}

socket.on('connection_success', ({ supportedSymbols }) => follow(supportedSymbols[0])) // the mint traded last
socket.on('token_created', ({ mint_account }) => symbol ?? follow(mint_account))
socket.on('history_data', (history) => {
  console.error(`${history.symbol} ${history.interval}: ${history.data.length} candles of history`)
  history.data.forEach(row)
  ;({ seq, store } = history)
})
socket.on('kline_data', (push) => {
  row(push.data)
  seq = push.seq
})
socket.on('gap', (gap) => console.error(`missed commits ${gap.from_seq} to ${gap.to_seq}: ${gap.reason}`))
socket.on('error', (error) => fail(`refused (${error.code}): ${error.message}`))
socket.on('connect_error', (error) => {
  if (!socket.active) fail(`${url} refused the connection (--token): ${error.message}`) // a wrong token, most likely
  console.error(`cannot connect to ${url} (${error.message}): is Spinscope running there? Trying again`)
})
socket.on('disconnect', (reason) => {
  if (reason === 'io client disconnect') return
  console.error(`disconnected: ${reason}`)
  if (reason === 'io server disconnect') socket.connect() // the other reasons reconnect by themselves
})
process.once('SIGINT', () => socket.disconnect()) // nothing is left to do then, so the program ends
