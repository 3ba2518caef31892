// The server behind a real nginx, as docs/operations.md has it: the block there is taken as it stands, but for addresses,
// at a path of the host and at its root. The page, its pictures, REST and Socket.IO must work through it.
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { io } from 'socket.io-client'
import { byId, debug, launch, ready, until } from './page.mjs'
import { atEnd, end, program, startCluster, startServer } from './program.mjs'

const nginx = ['/usr/sbin/nginx', 'nginx'].find((name) => spawnSync(name, ['-v']).status === 0)
const skip = !program
  ? 'needs the program (SPINSCOPE_SERVER)'
  : !nginx && 'needs nginx: make setup does not install it, make test does'
const TOKEN = 'a token of this test'
const HOST = 'charts.example'

let browser
let upstream
before(async () => {
  if (skip) return
  browser = await launch(`--host-resolver-rules=MAP ${HOST} 127.0.0.1`)
  const market = await startCluster('--rate', '20', '--mints', '3', '--history', '2m')
  const gateway = `[metadata]\nipfs_gateway = "http://${market.rpc}/ipfs/"\n`
  upstream = await startServer(market, `[server]\ntoken = "${TOKEN}"\nallowed_hosts = ["${HOST}"]\n${gateway}`)
})
after(async () => {
  await browser?.close()
  await end()
})

/** The block of the documentation. */
function documented() {
  const text = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')
  const [, block] = /```nginx\n(.*?)```/s.exec(text)
  return block
}

/** Runs nginx with the block, below `prefix` of its host; the answer is its port. */
async function startProxy(prefix) {
  const home = mkdtempSync(join(tmpdir(), 'spinscope-nginx-'))
  atEnd(() => rmSync(home, { recursive: true, force: true }))
  const [key, certificate] = [join(home, 'key.pem'), join(home, 'certificate.pem')]
  const subject = ['-subj', `/CN=${HOST}`, '-days', '1', '-keyout', key, '-out', certificate]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject], { stdio: 'ignore' })

  const port = await freePort()
  let block = documented()
  for (const [from, to] of [
    ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
    ['/etc/ssl/certs/charts.example.pem', certificate],
    ['/etc/ssl/private/charts.example.key', key],
    ['127.0.0.1:5051', upstream],
    ['location /spinscope/', `location ${prefix}`],
  ]) {
    assert.ok(block.includes(from), `the documented block lacks ${from}`)
    block = block.replace(from, to)
  }
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => {
    mkdirSync(join(home, kind))
    return `${kind}_temp_path ${join(home, kind)};`
  })
  writeFileSync(
    join(home, 'nginx.conf'),
    `daemon off; master_process off; pid ${home}/pid; error_log ${home}/error.log;
events {}
http { access_log off; ${places.join(' ')}
${block}}
`,
  )

  const child = spawn(nginx, ['-p', home, '-c', join(home, 'nginx.conf'), '-e', join(home, 'error.log')])
  let said = ''
  child.stderr.on('data', (text) => (said += text))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  atEnd(() => {
    child.kill()
    return ended
  })
  await until('nginx is there', async () => {
    assert.equal(child.exitCode, null, `nginx says: ${said}`)
    return (await get(port, `${prefix}healthz`)).status === 200
  })
  return port
}

/** A port that nobody listens on now: nginx finds none for itself. */
async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** One request to the proxy; status 0 when nobody answers. The certificate is this test's own. */
function get(port, path, headers = {}) {
  return new Promise((resolve) => {
    const asked = request(
      { host: '127.0.0.1', port, path, headers: { Host: `${HOST}:${port}`, ...headers }, rejectUnauthorized: false },
      (answer) => {
        let body = ''
        answer.on('data', (text) => (body += text))
        answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body }))
      },
    )
    asked.on('error', () => resolve({ status: 0 }))
    asked.end()
  })
}

for (const prefix of ['/spinscope/', '/']) {
  test(`the documented nginx block at ${prefix}`, { skip }, async (t) => {
    const port = await startProxy(prefix)
    const origin = `https://${HOST}:${port}`
    const authorization = { Authorization: `Bearer ${TOKEN}` }

    await t.test('REST', async () => {
      assert.equal((await get(port, `${prefix}api/time`)).status, 401)
      await until('all three coins are stored', async () => {
        const { status, body } = await get(port, `${prefix}api/mints`, authorization)
        assert.equal(status, 200)
        return JSON.parse(body).data.mints.length === 3
      })
      const docs = await get(port, `${prefix}docs`)
      assert.equal(new URL(docs.headers.location, `${origin}${prefix}docs`).pathname, `${prefix}docs/`)
      // A page of anybody else's is shut out here as it is without a proxy.
      assert.equal((await get(port, `${prefix}healthz`, { Origin: 'https://evil.example' })).status, 403)
      assert.equal((await get(port, `${prefix}healthz`, { Host: 'evil.example' })).status, 403)
    })

    for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
      await t.test(`Socket.IO by ${transports.join(' and ')}`, async () => {
        const mint = JSON.parse((await get(port, `${prefix}api/mints`, authorization)).body).data.mints[0]
        const socket = io(`https://127.0.0.1:${port}/ws/kline`, {
          path: `${prefix}socket.io/`,
          transports,
          auth: { token: TOKEN },
          rejectUnauthorized: false,
          forceNew: true,
        })
        const heard = new Set()
        socket.onAny((event) => heard.add(event))
        socket.on('connect', () => socket.emit('subscribe_kline', { symbol: mint, interval: 's1' }))
        let problem = ''
        socket.on('connect_error', (error) => (problem = error.message))
        try {
          const wanted = transports.at(-1)
          await until(
            'history and live candles',
            () => heard.has('history_data') && heard.has('kline_data') && socket.io.engine.transport.name === wanted,
          ).catch((error) => assert.fail(`${error.message}; heard ${[...heard]}; ${problem}`))
        } finally {
          socket.disconnect()
        }
      })
    }

    await t.test('the page', async () => {
      const context = await browser.newContext({ ignoreHTTPSErrors: true })
      await context.addInitScript((token) => sessionStorage.setItem('spinscope.token', token), TOKEN)
      const page = await context.newPage()
      const complaints = []
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`)
      })
      const stray = []
      page.on('request', (asked) => {
        const url = asked.url()
        if (/^https?:/.test(url) && url !== origin + prefix.slice(0, -1) && !url.startsWith(origin + prefix))
          stray.push(url)
      })
      page.on('websocket', (socket) => {
        if (!socket.url().startsWith(`wss://${HOST}:${port}${prefix}socket.io/`)) stray.push(socket.url())
      })

      await page.goto(origin + prefix.slice(0, -1)) // nginx adds the slash
      await ready(page)
      const { updates } = await debug(page)
      await until('candles come in', async () => (await debug(page)).updates > updates)
      assert.equal(await byId(page, 'address').getAttribute('data-base'), (origin + prefix).slice(0, -1))

      await page.goto(`${origin}${prefix}docs`)
      await page.locator('summary').first().waitFor()
      assert.equal(new URL(page.url()).pathname, `${prefix}docs/`)
      await context.close()
      assert.deepEqual([complaints, stray], [[], []])
    })
  })
}
