// Clusters and servers of a test's own, run by the program under test.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './page.mjs'

/** Where the program is; '' where the tests run against a server that somebody else started. */
export const program = process.env.SPINSCOPE_SERVER ?? ''
const closing = []

/** Does something when the tests are over, the last first. */
export function atEnd(work) {
  closing.push(work)
}

export async function end() {
  for (const work of closing.splice(0).reverse()) await work()
}

/** Runs a command of the program to its end: what it wrote, and whether it went well. */
export function command(...args) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  return { ok: status === 0, out: stdout.trim(), problem: stderr.trim() }
}

/** Runs the program until the tests are over; `said` is what it has written. */
function run(args, env = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  const running = { said: '' }
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (running.said += text))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  atEnd(() => {
    child.kill()
    return ended
  })
  return running
}

/** A simulated cluster: HOST:PORT of its RPC and of its PubSub. */
export async function startCluster(...flags) {
  const market = run(['simnet', '--listen', '127.0.0.1:0', '--log-level', 'error', ...flags])
  await until('the cluster is there', () => /ws:\/\/[0-9.:]+/.test(market.said))
  const [, rpc] = /http:\/\/([0-9.:]+)/.exec(market.said)
  const [, ws] = /ws:\/\/([0-9.:]+)/.exec(market.said)
  return { rpc, ws }
}

/** A server of that cluster, with a configuration if there is to be one: its HOST:PORT. */
export async function startServer(market, config = '') {
  return (await startServerIn(market, config)).address
}

/** The same, and its data directory. */
export async function startServerIn({ rpc, ws }, config = '') {
  const home = mkdtempSync(join(tmpdir(), 'spinscope-e2e-'))
  atEnd(() => rmSync(home, { recursive: true, force: true }))
  const flags = [
    '--cluster',
    'custom',
    '--rpc-url',
    `http://${rpc}`,
    '--ws-url',
    `ws://${ws}`,
    '--listen',
    '127.0.0.1:0',
  ]
  if (config) {
    writeFileSync(join(home, 'config.toml'), config)
    flags.push('--config', join(home, 'config.toml'))
  }
  run(['serve', ...flags, '--data-dir', join(home, 'data')], {
    HOME: home,
    XDG_CONFIG_HOME: home,
    SPINSCOPE_SERVER_TOKEN: undefined, // the configuration's counts
  })
  const file = join(home, 'data', 'server.addr')
  const address = await until('the server is there', () => existsSync(file) && readFileSync(file, 'utf8').trim())
  return { address, data: join(home, 'data') }
}
