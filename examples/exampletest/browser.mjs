// Opens a page in headless Chromium and prints its status and table, one JSON line for each change:
// node browser.mjs CHROMIUM URL. It speaks the DevTools protocol over a pipe, so it needs no packages.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const [program, url] = process.argv.slice(2)
const profile = mkdtempSync(join(tmpdir(), 'spinscope-example-'))
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync']
const browser = spawn(program, [...flags, `--user-data-dir=${profile}`, '--remote-debugging-pipe', 'about:blank'], {
  stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
})
const [, , , commands, answers] = browser.stdio
const waiting = new Map()
let last = 0
let rest = ''
answers.setEncoding('utf8').on('data', (text) => {
  const messages = (rest + text).split('\0')
  rest = messages.pop()
  for (const message of messages) {
    const { id, result, error } = JSON.parse(message)
    const { done, fail } = waiting.get(id) ?? {}
    waiting.delete(id)
    if (error) fail?.(new Error(error.message))
    else done?.(result)
  }
})
const ask = (method, params = {}, sessionId) =>
  new Promise((done, fail) => {
    waiting.set(++last, { done, fail })
    commands.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`)
  })
function end(code) {
  browser.kill()
  browser.once('exit', () => {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    process.exit(code)
  })
}
browser.once('error', (error) => { throw error })
process.stdin.once('end', () => end(0)).resume() // whoever started this has gone

const { targetId } = await ask('Target.createTarget', { url })
const { sessionId } = await ask('Target.attachToTarget', { targetId, flatten: true })
const expression = `JSON.stringify({
  status: document.querySelector('#status')?.textContent ?? '',
  rows: [...document.querySelectorAll('tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent)),
})`
for (let before = ''; ; ) {
  const { result } = await ask('Runtime.evaluate', { expression }, sessionId)
  if (result.value !== before) console.log((before = result.value))
  await new Promise((done) => setTimeout(done, 50))
}
