// What the browser tests share: one Chromium, pages on the server, questions to the page and to the API.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

export const base = process.env.SPINSCOPE_BASE ?? 'http://127.0.0.1:5051'
const token = process.env.SPINSCOPE_TOKEN ?? ''
const shots = process.env.SPINSCOPE_SHOTS ?? new URL('../../test-results/page', import.meta.url).pathname

const FLAGS =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'

/** How long anything may take, in milliseconds: the machine may have much else to do, a simulated token may rest. */
export const PATIENCE = 60_000

export function launch(...flags) {
  return chromium.launch({
    executablePath: process.env.SPINSCOPE_CHROMIUM ?? '/usr/bin/chromium',
    args: [...FLAGS.split(' '), ...flags],
  })
}

/** A page that has drawn its first candles. Anything the page complains about is collected in `page.complaints`. */
export async function open(
  browser,
  { theme = 'dark', width = 1280, height = 800, scale = 1, touch = false, routes, at = base } = {},
) {
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: scale,
    hasTouch: touch,
    colorScheme: theme,
    acceptDownloads: true,
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  if (token) await context.addInitScript((value) => sessionStorage.setItem('spinscope.token', value), token)
  context.setDefaultTimeout(PATIENCE)
  const page = await context.newPage()
  page.complaints = []
  page.on('pageerror', (error) => page.complaints.push(`pageerror: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') page.complaints.push(`console: ${message.text()}`)
  })
  await routes?.(page)
  await page.goto(at)
  await ready(page)
  return page
}

export const byId = (page, id) => page.locator(`[data-testid="${id}"]`)

/** Waits until the chart shows bars of the chosen interval and the stream is up. */
export async function ready(page) {
  await page.waitForFunction(
    () => {
      const { __spinscope: view } = window
      return view?.phase === 'ready' && view.link === 'connected' && view.bars > 0
    },
    undefined,
    { timeout: PATIENCE },
  )
  await byId(page, 'legend-close').first().waitFor()
}

/** Closes a page whose requests are answered by the test; one may be under way. */
export async function leave(page) {
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await page.context().close()
}

export async function closeDialog(page) {
  await page.keyboard.press('Escape')
  await page.locator('dialog').waitFor({ state: 'detached' })
}

export const debug = (page) => page.evaluate(() => ({ ...window.__spinscope }))

/** Waits until all has been drawn that was wanted before; for what cannot be asked of the page. */
export function drawn(page) {
  return page.evaluate(
    () =>
      new Promise((done) =>
        requestAnimationFrame(() => requestAnimationFrame(() => requestIdleCallback(done, { timeout: 5000 }))),
      ),
  )
}

export async function until(what, check, timeout = PATIENCE) {
  const end = Date.now() + timeout
  let last
  while (Date.now() < end) {
    last = await check()
    if (last) return last
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.fail(`waited ${timeout} ms in vain until ${what}; last answer: ${JSON.stringify(last)}`)
}

/** One answer of the REST API. */
export async function ask(path) {
  const response = await fetch(base + path, { headers: token ? { Authorization: `Bearer ${token}` } : {} })
  const body = await response.json()
  assert.equal(body.success, true, `${path}: ${body.message}`)
  return body.data
}

/** Every stored candle, oldest first. */
export async function allCandles(mint, interval) {
  const candles = []
  for (let page = 1; ; page++) {
    const query = new URLSearchParams({ mint, interval, page, limit: 1000, order_by: 'time_asc' })
    const answer = await ask(`/api/kline?${query}`)
    candles.push(...answer.klines)
    if (!answer.has_next) return candles
  }
}

/** What the chart's canvases hold: a hash of all pixels, and how many have the colours of the candles. */
export function pixels(page) {
  return page.evaluate(() => {
    const host = document.querySelector('[data-testid="chart"]')
    const style = getComputedStyle(document.documentElement)
    const colour = (name) => {
      const hex = style.getPropertyValue(name).trim().slice(1)
      return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16))
    }
    const [up, down] = [colour('--chart-up'), colour('--chart-down')]
    const near = (data, at, [r, g, b]) =>
      Math.abs(data[at] - r) < 6 && Math.abs(data[at + 1] - g) < 6 && Math.abs(data[at + 2] - b) < 6
    const found = { hash: 0, up: 0, down: 0, canvases: 0 }
    for (const canvas of host.querySelectorAll('canvas')) {
      if (canvas.width === 0 || canvas.height === 0) continue
      found.canvases++
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
      for (let at = 0; at < data.length; at += 4) {
        found.hash = (Math.imul(found.hash, 31) + data[at] * 65536 + data[at + 1] * 256 + data[at + 2]) | 0
        if (data[at + 3] < 200) continue
        if (near(data, at, up)) found.up++
        else if (near(data, at, down)) found.down++
      }
    }
    return found
  })
}

export async function picture(page, name) {
  mkdirSync(shots, { recursive: true })
  const path = join(shots, `${name}.png`)
  await page.screenshot({ path })
  return path
}
