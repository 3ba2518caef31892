// The npm socket.io-client behind a pipe, so that a test in another language can drive it: one JSON object per line.
//
//   in   {"op":"connect","namespaces":["/kline"],"options":{}}
//        {"op":"emit","ns":"/kline","event":"subscribe","args":[{}],"ack":7}    ack is optional
//        {"op":"close","ns":"/kline"}
//   out  {"ns":"/kline","event":"kline_data","args":[{}]}
//        {"ns":"/kline","event":"@connect" | "@disconnect" | "@connect_error","args":[]}
//        {"ns":"/kline","event":"@ack","ack":7,"args":[{}]}
//
// Usage: node bridge.mjs DIRECTORY_WITH_NODE_MODULES URL
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const [directory, url] = process.argv.slice(2)
const { io } = createRequire(directory + '/')('socket.io-client')

const say = (message) => process.stdout.write(JSON.stringify(message) + '\n')
const sockets = new Map()

const operations = {
  connect({ namespaces, options }) {
    for (const ns of namespaces) {
      const socket = io(url + ns, { reconnectionDelay: 50, reconnectionDelayMax: 200, ...options })
      sockets.set(ns, socket)
      socket.on('connect', () => say({ ns, event: '@connect', args: [socket.id] }))
      socket.on('disconnect', (reason) => say({ ns, event: '@disconnect', args: [reason] }))
      socket.on('connect_error', (error) =>
        say({ ns, event: '@connect_error', args: [{ message: error.message, data: error.data ?? null }] }),
      )
      socket.onAny((event, ...args) => say({ ns, event, args }))
    }
  },
  emit({ ns, event, args, ack }) {
    const callback = (...reply) => say({ ns, event: '@ack', ack, args: reply })
    sockets.get(ns).emit(event, ...args, ...(ack ? [callback] : []))
  },
  close({ ns }) {
    sockets.get(ns).close()
  },
}

const input = createInterface({ input: process.stdin })
input.on('line', (line) => {
  const command = JSON.parse(line)
  operations[command.op](command)
})
input.on('close', () => process.exit(0))
