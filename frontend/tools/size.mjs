// Fails when the page's JavaScript is above its budget. Run after `npm run build`.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const budget = 180 * 1024
const dist = new URL('../dist/', import.meta.url).pathname

const scripts = readdirSync(dist, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.js'))
if (scripts.length === 0) {
  console.error('no JavaScript in dist: run `npm run build` first')
  process.exit(1)
}

let total = 0
for (const name of scripts) {
  const size = gzipSync(readFileSync(join(dist, name))).length
  total += size
  console.log(`${(size / 1024).toFixed(1).padStart(7)} KB gzip  ${name}`)
}
console.log(`${(total / 1024).toFixed(1).padStart(7)} KB gzip in all, budget ${budget / 1024} KB`)
if (total > budget) {
  console.error(`the page's JavaScript is ${((total - budget) / 1024).toFixed(1)} KB above its budget`)
  process.exit(1)
}
