// Runs the browser tests against a running server:
//   npm run e2e -- --base http://127.0.0.1:5051     (or SPINSCOPE_BASE=… npm run e2e)
// Needs Chromium (SPINSCOPE_CHROMIUM, default /usr/bin/chromium). Pictures go to SPINSCOPE_SHOTS, default
// ../test-results/page. A server with a token: SPINSCOPE_TOKEN. Rules of alerts are put into its data directory, if it is
// on this machine: SPINSCOPE_DATA. The program, for the test that makes trouble on a server of its own: SPINSCOPE_SERVER.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const args = process.argv.slice(2)
const flag = args.indexOf('--base')
const base = flag >= 0 ? args[flag + 1] : process.env.SPINSCOPE_BASE
if (!base) {
  console.error('say where the server is: npm run e2e -- --base http://127.0.0.1:PORT')
  process.exit(2)
}
const folder = new URL('.', import.meta.url).pathname
const files = readdirSync(folder).filter((name) => name.endsWith('.test.mjs'))
const { status } = spawnSync(process.execPath, ['--test', ...files.map((name) => join(folder, name))], {
  stdio: 'inherit',
  env: { ...process.env, SPINSCOPE_BASE: base.replace(/\/$/, '') },
})
process.exit(status ?? 1)
