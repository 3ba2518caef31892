// Prints the stored candles of a mint as CSV, and where they may be incomplete: node bars.mjs MINT [INTERVAL] [LIMIT]
// SPINSCOPE_URL and SPINSCOPE_TOKEN say where the server is.
import { Spinscope } from '@spinscope/client'

const [mint, interval = 'm1', limit] = process.argv.slice(2)
const market = new Spinscope(process.env.SPINSCOPE_URL || 'http://127.0.0.1:5051', {
  token: process.env.SPINSCOPE_TOKEN || '',
})
const bars = await market.bars(mint, interval, limit ? { limit: Number(limit) } : {})

console.log('time,open,high,low,close,volume')
for (const c of bars.candles) console.log([c.time, c.open, c.high, c.low, c.close, c.volume].join(','))
for (const gap of bars.gaps) {
  console.error(`slots ${gap.from_slot} to ${gap.to_slot} may be incomplete (${gap.from_time ?? '…'} to ${gap.to_time ?? '…'}): ${gap.cause}`)
}
market.close()
