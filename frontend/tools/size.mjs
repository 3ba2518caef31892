// Fails when the page's JavaScript is above its budget: all of it, or what is read before the first candle, which is what the
// page itself names. Run after `npm run build`.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const budget = 240 * 1024
const first = 170 * 1024
const dist = new URL('../dist/', import.meta.url).pathname

const scripts = readdirSync(dist, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.js'))
if (scripts.length === 0) {
  console.error('no JavaScript in dist: run `npm run build` first')
  process.exit(1)
}

const page = readFileSync(join(dist, 'index.html'), 'utf8')
let total = 0
let before = 0
for (const name of scripts) {
  const size = gzipSync(readFileSync(join(dist, name))).length
  total += size
  if (page.includes(name)) before += size
  console.log(`${(size / 1024).toFixed(1).padStart(7)} KB gzip  ${name}`)
}

let over = false
for (const [what, size, most] of [
  ['in all', total, budget],
  ['before the first candle', before, first],
]) {
  console.log(`${(size / 1024).toFixed(1).padStart(7)} KB gzip ${what}, budget ${most / 1024} KB`)
  if (size <= most && size > 0) continue
  over = true
  console.error(`the page's JavaScript ${what} is ${((size - most) / 1024).toFixed(1)} KB above its budget`)
}
if (over) process.exit(1)
