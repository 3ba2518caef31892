// Trouble of every kind, on a simulated cluster and a server of its own: it must come into sight in the page and go when
// its cause has gone. How long both took is told; docs/performance.md has the figures.
import assert from 'node:assert/strict'
import { createServer, connect } from 'node:net'
import { after, before, test } from 'node:test'
import { byId, launch, open, PATIENCE, picture } from './page.mjs'
import { atEnd, end, program, startCluster, startServer } from './program.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await end()
})

/** A way to an address that can be blocked (bytes wait) and cut (nobody is there). */
async function gateway(target) {
  const [host, port] = target.split(':')
  const sockets = new Set()
  let held = false
  const server = createServer((here) => {
    const there = connect(Number(port), host)
    for (const [one, other] of [
      [here, there],
      [there, here],
    ]) {
      sockets.add(one)
      one.on('error', () => one.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.on('data', (bytes) => other.write(bytes))
      if (held) one.pause()
    }
  })
  const listen = (at) =>
    new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(at, '127.0.0.1', () => resolve(server.off('error', reject)))
    })
  // It listens there again after a cut: a port below those that the system hands out by itself is not given away meanwhile.
  let own
  do own = 15_000 + Math.floor(15_000 * Math.random())
  while (
    await listen(own).then(
      () => false,
      () => true,
    )
  )
  const cut = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  atEnd(cut)
  return {
    address: `127.0.0.1:${own}`,
    hold(wanted) {
      held = wanted
      for (const socket of sockets) socket[wanted ? 'pause' : 'resume']()
    },
    cut,
    restore: () => listen(own),
  }
}

async function start() {
  const flags = ['--rate', '10', '--slot', '200ms', '--mints', '2', '--history', '1m', '--seed', '2']
  const market = await startCluster(...flags)
  const [rpc, ws] = [await gateway(market.rpc), await gateway(market.ws)]
  const server = await gateway(await startServer({ rpc: rpc.address, ws: ws.address }))
  const control = (order) =>
    fetch(`http://${market.rpc}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'simnet_control', params: [order] }),
    }).catch(() => undefined) // the answer may fall to the outage
  return { rpc, ws, server, control }
}

/** What the page shows about how things stand, and when. */
const look = (page) =>
  page.evaluate(() => {
    const text = (id) => document.querySelector(`[data-testid="${id}"]`)?.textContent?.trim() ?? ''
    const { state } = document.querySelector('[data-testid="status"]')?.dataset ?? {}
    const [banner, lag, gaps, errors] = ['banner', 'lag', 'gaps', 'hiccup'].map(text)
    return { state, banner, lag, gaps, errors, now: Date.now() }
  })

/** When this became true of what the page shows, in milliseconds, to a twentieth of a second. */
async function moment(page, what, check) {
  const end = Date.now() + PATIENCE
  for (let shown; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    shown = await look(page)
    if (check(shown)) return shown.now
    assert.ok(shown.now < end, `waited in vain until ${what}: ${JSON.stringify(shown)}`)
  }
}

const WELL = (it) => it.state === 'live' && it.banner === '' && it.lag === '0' && it.gaps === '0'

test('trouble comes into sight and goes', { timeout: 15 * 60_000 }, async (t) => {
  if (!program) return t.skip('SKIPPED: set SPINSCOPE_SERVER to the server’s program')
  const { rpc, ws, server, control } = await start()
  const page = await open(browser, { at: `http://${server.address}` })
  await moment(page, 'all is well', WELL)
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  const troubles = [
    {
      name: 'an endpoint that is gone',
      begin: () => [rpc, ws].forEach((way) => way.cut()),
      shown: (it) => it.state === 'down' && /cannot be read/.test(it.banner),
      end: () => Promise.all([rpc.restore(), ws.restore()]),
    },
    {
      name: 'a socket that falls behind',
      begin: () => ws.hold(true),
      shown: (it) => it.lag !== '0' || it.state !== 'live',
      end: () => ws.hold(false),
    },
    {
      name: 'RPC that fails for 10 s',
      begin: () => control({ refuse_rpc_ms: 10_000 }),
      lasts: 10_000,
      shown: (it) => it.errors !== '' || it.state === 'down',
    },
    {
      name: 'a hole: what an outage of 11 s hid is not given afterwards',
      async before() {
        await control({ faults: { null: 1 }, outage_ms: 11_000 })
        await moment(page, 'the outage is told', (it) => it.state === 'down')
        await moment(page, 'the outage is over', (it) => it.state !== 'down')
      },
      begin: () => undefined,
      shown: (it) => it.gaps !== '0',
      end: () => control({ faults: {} }),
    },
    {
      name: 'the page’s own connection lost',
      begin: () => server.cut(),
      shown: (it) => it.state === 'offline' && /No connection to the server/.test(it.banner),
      end: () => server.restore(),
    },
    {
      name: 'a server that says nothing more',
      begin: () => server.hold(true),
      shown: (it) => it.state === 'silent' || it.state === 'offline',
      end: () => server.hold(false),
    },
  ]
  for (const { name, before, begin, shown, end, lasts } of troubles) {
    await before?.()
    const began = Date.now()
    await begin()
    const visible = await moment(page, name, shown)
    await picture(page, `trouble-${troubles.findIndex((one) => one.name === name)}`)
    if (lasts) await sleep(began + lasts - Date.now())
    const ended = Date.now()
    await end?.()
    const gone = await moment(page, `${name} is over`, WELL)
    t.diagnostic(`${name}: in sight after ${seconds(visible - began)}, gone after ${seconds(gone - ended)}`)
  }
  await byId(page, 'banner').waitFor({ state: 'detached' })
  await page.context().close()
})

const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`
