// A client that follows all events from the first on and reads a long history, and goes on wherever it was when it has to
// reconnect. It tells what it got, one JSON object per line.
//
// Usage: node bulk.mjs DIRECTORY_WITH_NODE_MODULES URL TRANSPORTS [PACKAGE]
import { createRequire } from 'node:module'

const [directory, url, transports, client = 'socket.io-client'] = process.argv.slice(2)
const { io } = createRequire(directory + '/')(client)
const socket = io(url + '/ws/kline', {
  transports: transports.split(','),
  reconnectionDelay: 100,
  reconnectionDelayMax: 500,
})

const say = (message) => process.stdout.write(JSON.stringify(message) + '\n')
const seen = new Set()
let last = 0
let told = 0

socket.on('connection_success', ({ supportedSymbols: [symbol], store }) => {
  say({ connected: true })
  socket.emit('subscribe_events', last ? { since_seq: last, store } : { since_seq: 1 })
  socket.emit('get_history', { symbol, interval: 'm1', limit: 5000 }, ({ data }) => say({ acknowledged: data.length }))
})
socket.on('history_data', ({ data }) => say({ history: data.length }))
socket.on('event_data', ({ signature, ordinal, seq }) => {
  if (seq < last) say({ back: seq })
  last = seq
  seen.add(signature + ordinal)
})
socket.on('gap', (gap) => say({ gap }))
socket.on('disconnect', (reason) => say({ disconnected: reason }))
setInterval(() => {
  if (seen.size !== told) say({ events: (told = seen.size) })
}, 50)
