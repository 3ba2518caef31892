// The main views beside pictures of them (docs/images), in both themes, on a market that stands still:
//   make e2e     compares; a view that looks otherwise is left in test-results/page, beside what differs
//   make shots   takes the pictures anew, after a look at the differences
// Chromium and the bundled font draw alike on the same Debian; a little of what differs is let through all the same.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { byId, launch, leave, PATIENCE, until } from './page.mjs'
import { small } from './png.mjs'

const base = process.env.SPINSCOPE_STILL
const update = process.env.SPINSCOPE_SHOTS_UPDATE === '1'
const kept = new URL('../../docs/images', import.meta.url).pathname
const results = process.env.SPINSCOPE_SHOTS ?? new URL('../../test-results/page', import.meta.url).pathname

/** When the market ends, Unix seconds. */
const END = 1_760_054_400
/** A channel that differs by no more is the same. */
const NEAR = 40
/** Share of the pixels that may differ. */
const LET_THROUGH = 0.004
const LARGEST = 100 * 1024

const skip = base ? false : 'SKIPPED: set SPINSCOPE_STILL to a server on a market at rest, as build/e2e-browser.sh does'

let browser
before(async () => {
  if (base) browser = await launch()
})
after(() => browser?.close())

async function ask(path) {
  return (await (await fetch(base + path)).json()).data
}

/** The page as at the market's end, with nothing in it that depends on this run. */
async function still(theme) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    colorScheme: theme,
    timezoneId: 'UTC',
    locale: 'en-GB',
    reducedMotion: 'reduce',
  })
  context.setDefaultTimeout(PATIENCE)
  const page = await context.newPage()
  await page.clock.setFixedTime(END * 1000)
  const status = await ask('/api/events/status')
  const fixed = {
    cluster: 'demo',
    slot: 312_000_000,
    lag_slots: 0,
    chain_time: END,
    last_error: '',
    connection_status: 'live',
  }
  await page.route('**/api/events/status', (route) =>
    route.fulfill({ json: { success: true, message: '', data: { ...status, ...fixed } } }),
  )
  await page.route('**/api/kline/status', async (route) => {
    const { data } = await (await route.fetch()).json()
    data.stats = { ...data.stats, active_connections: 1, gaps_open: 0 }
    await route.fulfill({ json: { success: true, message: '', data } })
  })
  const { mints } = await ask('/api/mints?sort_by=volume_desc&limit=1')
  const charts = ['m1', 'm5', 'm15', 's30'].map((interval) => ({ mint: mints[0], interval }))
  await page.addInitScript(
    (text) => localStorage.setItem('spinscope.prefs', text),
    JSON.stringify({ charts, zone: 'utc' }),
  )
  await page.goto(base)
  await settled(page, 1)
  return page
}

/** Waits until everything that is to come is there. */
async function settled(page, charts) {
  await until('the charts are drawn', () =>
    byId(page, 'chart').evaluateAll(
      (list, count) =>
        list.length === count && list.every(({ dataset }) => dataset.phase === 'ready' && dataset.bars > 0),
      charts,
    ),
  )
  await until('every row has its change and its picture', async () => {
    const rows = await byId(page, 'token-row').count()
    const changes = await byId(page, 'token-change').allTextContents()
    const pictures = await page
      .locator('[data-testid="token-row"] [data-kind="picture"] img')
      .evaluateAll((list) => list.filter((image) => image.complete).length)
    return rows >= 8 && changes.every((text) => /%/.test(text)) && pictures === rows
  })
  await page.evaluate(() => document.fonts.ready)
  let before
  await until('the picture is at rest', async () => {
    const now = await shot(page)
    const same = before?.equals(now)
    before = now
    return same
  })
}

const shot = (page) => page.screenshot({ animations: 'disabled', caret: 'hide' })

/** How many pixels differ, and a picture of where; the browser itself decodes and draws. */
function compare(page, was, is) {
  return page.evaluate(
    async ([was, is, near]) => {
      const read = async (data) => {
        const image = new Image()
        image.src = `data:image/png;base64,${data}`
        await image.decode()
        const canvas = document.createElement('canvas')
        ;[canvas.width, canvas.height] = [image.width, image.height]
        const context = canvas.getContext('2d', { willReadFrequently: true })
        context.drawImage(image, 0, 0)
        return { canvas, context, pixels: context.getImageData(0, 0, image.width, image.height) }
      }
      const [old, now] = [await read(was), await read(is)]
      if (old.canvas.width !== now.canvas.width || old.canvas.height !== now.canvas.height)
        return { share: 1, picture: is }
      const [a, b] = [old.pixels.data, now.pixels.data]
      let count = 0
      for (let at = 0; at < a.length; at += 4) {
        const far = Math.max(...[0, 1, 2].map((channel) => Math.abs(a[at + channel] - b[at + channel])))
        if (far > near) {
          count++
          b.set([255, 0, 255, 255], at)
        }
      }
      now.context.putImageData(now.pixels, 0, 0)
      return { share: (count * 4) / a.length, picture: now.canvas.toDataURL('image/png').split(',')[1] }
    },
    [was.toString('base64'), is.toString('base64'), NEAR],
  )
}

/** The coin of the chart as it was an hour before the market's end. */
async function replay(page) {
  await page.keyboard.press('Shift+P')
  const dialog = byId(page, 'replay')
  const is = (name, value) =>
    until(`${name} is ${value}`, async () => (await dialog.getAttribute(`data-${name}`)) === value)
  await is('reading', 'false')
  await byId(page, 'replay-time').fill(String(END - 3600))
  await byId(page, 'replay-jump').click()
  await is('clock', String(END - 3600))
  await is('reading', 'false')
}

async function workspaces(page) {
  await page.keyboard.press('Shift+S')
  for (const name of ['One coin', 'Evening', 'Scalping']) {
    await byId(page, 'workspace-name').fill(name)
    await byId(page, 'workspace-name').press('Enter')
    await page.locator(`[data-testid="workspace-row"][data-name="${name}"]`).waitFor()
  }
}

/** A trend line, a retracement and a text over the candles. */
async function drawing(page) {
  const { x, y, width, height } = await byId(page, 'chart').boundingBox()
  const at = ([across, down]) => [x + width * across, y + height * down]
  const drag = async (tool, from, to) => {
    await byId(page, tool).click()
    await page.mouse.move(...at(from))
    await page.mouse.down()
    await page.mouse.move(...at(to), { steps: 4 })
    await page.mouse.up()
  }
  await byId(page, 'draw-tools').click()
  await drag('tool-trend', [0.22, 0.72], [0.62, 0.4])
  await drag('tool-fib', [0.5, 0.62], [0.75, 0.28])
  await byId(page, 'tool-text').click()
  await page.mouse.click(...at([0.3, 0.3]))
  await byId(page, 'draw-words').fill('since the evening')
  await byId(page, 'draw-words').press('Enter')
}

const views = [
  ['window', 1, () => undefined],
  ['four-charts', 4, (page) => page.keyboard.press('Alt+4')],
  ['orders', 1, (page) => byId(page, 'side-orders').click()],
  ['token', 1, (page) => byId(page, 'side-info').click()],
  ['replay', 2, replay],
  ['workspaces', 1, workspaces],
  ['drawing', 1, drawing],
]

for (const theme of ['dark', 'light']) {
  test(`the views in ${theme} look as in docs/images`, { skip }, async () => {
    await until('history is read', async () => {
      const { backfill, total_events_processed: events } = await ask('/api/events/status')
      return !backfill.running && events > 5000
    })
    const page = await still(theme)
    const differ = []
    for (const [name, charts, show] of views) {
      await page.keyboard.press('Escape')
      await page.keyboard.press('Alt+1')
      await byId(page, 'side-trades').click()
      await show(page)
      await page.mouse.move(2, 2)
      await settled(page, charts)
      await byId(page, 'address').evaluate((node) => (node.textContent = '127.0.0.1:5051'))
      const file = join(kept, `${name}-${theme}.png`)
      const is = await shot(page)
      if (update) {
        const made = await small(page, is)
        writeFileSync(file, made)
        assert.ok(made.length <= LARGEST, `${file} has ${made.length} bytes, more than ${LARGEST}`)
        continue
      }
      const { share, picture } = await compare(page, readFileSync(file), is)
      if (share <= LET_THROUGH) continue
      mkdirSync(results, { recursive: true })
      writeFileSync(join(results, `${name}-${theme}.png`), is)
      writeFileSync(join(results, `${name}-${theme}-differs.png`), Buffer.from(picture, 'base64'))
      differ.push(`${name}: ${(share * 100).toFixed(2)} %`)
    }
    await leave(page)
    assert.deepEqual(differ, [], `see ${results}; when it should look so now: make shots`)
  })
}
