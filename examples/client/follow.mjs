// Prints candles and each change of them, through restarts: node follow.mjs [MINT] [INTERVAL] [--url URL] [--token TOKEN]
// --json: one JSON object a line. --from TIME: from there on, Unix seconds. --events: what happens in place of candles. URL and
// TOKEN may also come from SPINSCOPE_URL and SPINSCOPE_TOKEN.
import { parseArgs } from 'node:util'
import { Spinscope } from '@spinscope/client'

const text = (fallback) => ({ type: 'string', default: fallback })
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: text(process.env.SPINSCOPE_URL || 'http://127.0.0.1:5051'),
    token: text(process.env.SPINSCOPE_TOKEN || ''),
    from: { type: 'string' },
    json: { type: 'boolean', default: false },
    events: { type: 'boolean', default: false },
  },
})

const market = new Spinscope(values.url, {
  token: values.token,
  onLink: (link, reason) => console.error(link, reason),
})
process.once('SIGINT', () => market.close()) // which ends the loop

const mint = positionals[0] ?? (await market.greeting()).supportedSymbols[0] // the mint traded last
const from = values.from ? { from: Number(values.from) } : {}
const updates = values.events ? market.events(mint) : market.follow(mint, positionals[1] ?? 'm1', from)
try {
  for await (const update of updates) {
    if (values.json) console.log(JSON.stringify(update))
    else if (update.type === 'candle') row(update.candle)
    else if (update.type === 'event') console.log(update.event.event_type, update.event.signature)
    else if (update.type === 'gap') console.error(`commits ${update.from_seq} to ${update.to_seq} were missed: ${update.reason}`)
    else if (update.type === 'reset') console.error(`anew, from ${update.from ?? 'the first'}: ${update.reason}`)
    else console.error(`${update.status.state}: ${update.status.done} of ${update.status.total} transactions read`)
  }
} catch (error) {
  console.error(`${error.name} (${error.code ?? error.status}): ${error.message}`)
  process.exitCode = 1
} finally {
  market.close()
}

function row(c) {
  const time = new Date(c.time * 1000).toISOString()
  console.log([time, c.open, c.high, c.low, c.close, c.volume, c.is_final ? 'final' : 'open'].join('\t'))
}
