// What bulk.mjs does, without a Socket.IO library: packets on a bare WebSocket, as docs/protocol.md has them.
//
// Usage: node bulk_raw.mjs DIRECTORY_WITH_NODE_MODULES URL
import { createRequire } from 'node:module'

const [directory, url] = process.argv.slice(2)
const { WebSocket } = createRequire(directory + '/')('ws')
const namespace = '/ws/kline,'

const say = (message) => process.stdout.write(JSON.stringify(message) + '\n')
const seen = new Set()
let last = 0
let told = 0

function connect() {
  const socket = new WebSocket(url.replace('http', 'ws') + '/socket.io/?EIO=4&transport=websocket', { maxPayload: 1 << 26 })
  const emit = (id, ...content) => socket.send('42' + namespace + id + JSON.stringify(content))
  socket.on('message', (data) => {
    const text = data.toString()
    if (text === '2') return socket.send('3')
    if (text[0] === '0') return socket.send('40' + namespace)
    if (text[0] !== '4' || !text.slice(2).startsWith(namespace)) return
    const body = text.slice(2 + namespace.length)
    if (text[1] === '3') return say({ acknowledged: JSON.parse(body.slice(body.indexOf('[')))[0].data.length })
    if (text[1] !== '2') return
    const [event, content] = JSON.parse(body)
    if (event === 'connection_success') {
      say({ connected: true })
      emit('', 'subscribe_events', last ? { since_seq: last, store: content.store } : { since_seq: 1 })
      emit('1', 'get_history', { symbol: content.supportedSymbols[0], interval: 'm1', limit: 5000 })
    } else if (event === 'history_data') say({ history: content.data.length })
    else if (event === 'gap') say({ gap: content })
    else if (event === 'event_data') {
      if (content.seq < last) say({ back: content.seq })
      last = content.seq
      seen.add(content.signature + content.ordinal)
    }
  })
  socket.on('error', () => {}) // and it is closed
  socket.on('close', (code) => {
    say({ disconnected: 'code ' + code })
    setTimeout(connect, 200)
  })
}

connect()
setInterval(() => {
  if (seen.size !== told) say({ events: (told = seen.size) })
}, 50)
