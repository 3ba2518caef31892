// Sends a server requests with payloads of every kind, right and wrong, through the real socket.io-client. Run by
// clients_test.go: fuzz.mjs URL SYMBOL SEED COUNT. Whatever is sent, each request is answered, what was refused is refused
// with a documented code and a message, and the connection stays.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

const { io } = createRequire(process.cwd() + '/')('socket.io-client')
const [url, symbol, seed, count] = process.argv.slice(2)

// Mulberry32, so that a seed tells the whole run.
let state = Number(seed)
function random() {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const pick = (list) => list[Math.floor(random() * list.length)]
const whole = () => pick([0, 1, -1, 2, 5, 99, 5000, 5001, 2 ** 31, 2 ** 53, -(2 ** 53), 1e21, 1.5, NaN, Infinity, 1755000000, 1755000600, 1755000000000])
const text = () => pick(['', 'm1', 'h1', 'M1', 'asc', 'desc', symbol, symbol.slice(1), 'é\u0000\u2028💩', '__proto__', '\ud800', 'x'.repeat(Math.floor(random() * 3000)), '{"a":1}', '42["a"]'])
function any(depth = 0) {
  const kind = Math.floor(random() * (depth > 3 ? 6 : 9))
  if (kind < 2) return text()
  if (kind === 2) return whole()
  if (kind === 3) return pick([null, undefined, true, false])
  if (kind === 4) return Buffer.from(text())
  if (kind === 5) return new Date(0)
  if (kind === 6) return Array.from({ length: Math.floor(random() * 4) }, () => any(depth + 1))
  if (kind === 7) return nested(Math.floor(random() * 500))
  return Object.fromEntries(Array.from({ length: Math.floor(random() * 4) }, () => [text().replace('__proto__', 'proto'), any(depth + 1)])) // the client itself stumbles over __proto__
}
const nested = (depth) => (depth === 0 ? 1 : random() < 0.5 ? [nested(depth - 1)] : { a: nested(depth - 1) })
const fields = {
  symbol: () => symbol,
  interval: () => pick(['m1', 'h1', 's1']),
  subscription_id: text,
  since_seq: whole,
  store: text,
  limit: whole,
  from: whole,
  to: whole,
  order: () => pick(['asc', 'desc']),
  fill: () => pick([true, false]),
}
function payload() {
  if (random() < 0.2) return Array.from({ length: Math.floor(random() * 3) }, () => any())
  const object = {}
  for (const [name, right] of Object.entries(fields)) {
    if (random() < (name === 'symbol' || name === 'interval' ? 0.9 : 0.3)) object[name] = random() < 0.8 ? right() : any()
  }
  return [object]
}

const names = {
  '/ws/kline': ['kline', 'price', 'events', 'token_events', 'alerts'].flatMap((kind) => [`subscribe_${kind}`, `unsubscribe_${kind}`]).concat('get_history', 'ping'),
  '/kline': ['subscribe', 'unsubscribe', 'history', 'ping'],
}

async function visit(namespace, transports) {
  const socket = io(url + namespace, { transports, forceNew: true, reconnection: false })
  let lost
  socket.on('disconnect', (reason) => (lost = reason))
  await new Promise((done, fail) => socket.on('connection_success', done).on('connect_error', fail))
  let served = 0
  let refused = 0
  for (let left = Number(count); left > 0; left -= 20) {
    const requests = Array.from({ length: 20 }, () => [random() < 0.95 ? pick(names[namespace]) : text() || 'empty', payload()])
    const answers = await Promise.all(
      requests.map(async ([name, args]) => {
        try {
          return await socket.timeout(60000).emitWithAck(name, ...args)
        } catch (error) {
          throw new Error(`${namespace} ${name} ${JSON.stringify(args).slice(0, 500)}: ${error.message}, lost: ${lost}`)
        }
      }),
    )
    answers.forEach((answer, i) => {
      const shown = `${requests[i][0]} ${JSON.stringify(requests[i][1]).slice(0, 300)}: ${JSON.stringify(answer).slice(0, 300)}`
      if (answer.success === true) return served++
      assert.equal(answer.success, false, shown)
      assert.ok([1001, 1002, 1003, 1005].includes(answer.code), shown)
      assert.notEqual(answer.code, 1003, shown) // nothing that a client says makes reading fail
      assert.ok(typeof answer.message === 'string' && answer.message.length > 5 && answer.message.length < 500, shown)
      refused++
    })
  }
  assert.equal(lost, undefined)
  assert.ok(served > Number(count) / 20 && refused > Number(count) / 20, `lopsided: ${served} served, ${refused} refused`)
  socket.close()
}

await Promise.all([visit('/ws/kline', ['websocket']), visit('/ws/kline', ['polling']), visit('/kline', ['websocket'])])
