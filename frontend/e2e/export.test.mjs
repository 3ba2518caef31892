// The export dialog: in a browser its links give the files, in the app the shell writes them, here a stand-in for it. That
// files are written is tested in app/e2e.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { covered, cut } from './fit.mjs'
import { ask, base, byId, closeDialog, debug, drawn, launch, open, picture, until } from './page.mjs'
import { FORM, shell } from './shell.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const inApp = (size) =>
  open(browser, { ...size, routes: (page) => page.addInitScript(shell, { form: FORM, first: false }) })
const tell = (page, name, value) => page.evaluate(([name, value]) => window.tell(name, value), [name, value])
const words = (page, id) => byId(page, id).textContent()

async function show(page) {
  await page.keyboard.press('e')
  await byId(page, 'export-dialog').waitFor()
}

/** Nothing lies over anything, nothing is cut, and axe has nothing to say. */
async function wellMade(page, what) {
  await drawn(page)
  assert.deepEqual([...(await covered(page)), ...(await cut(page))], [], what)
  assert.deepEqual(await findings(page), [], what)
}

test('in a browser the link gives every kind in every format', async () => {
  const page = await open(browser)
  const { mint, interval } = await debug(page)
  await show(page)
  const link = byId(page, 'export-link')
  const address = async () => new URL(await link.getAttribute('href'))
  assert.deepEqual(
    [...(await address()).searchParams],
    [
      ['kind', 'candles'],
      ['interval', interval],
      ['mint', mint],
      ['format', 'csv'],
    ],
  )

  await byId(page, 'export-which-all').click()
  const heads = { csv: /^mint,|^timestamp,|^[a-z_]+,/, jsonl: /^\{|^$/, parquet: /^PAR1/, arrow: /^ARROW1/ }
  for (const kind of ['candles', 'trades', 'events', 'orders', 'gaps']) {
    await byId(page, `export-kind-${kind}`).click()
    for (const [format, head] of Object.entries(heads)) {
      await byId(page, `export-format-${format}`).click()
      const url = await address()
      assert.deepEqual([url.searchParams.get('kind'), url.searchParams.get('format')], [kind, format])
      const answer = await fetch(url)
      assert.equal(answer.status, 200, url)
      assert.match(answer.headers.get('content-disposition'), new RegExp(`all-${kind}.*\\.${format}"?$`))
      assert.match(Buffer.from(await answer.arrayBuffer()).toString('latin1'), head, url)
    }
  }

  // Market caps are a switch of what has prices.
  assert.equal(await byId(page, 'export-caps').count(), 0, 'gaps have no market cap')
  await byId(page, 'export-kind-candles').click()
  await byId(page, 'export-format-csv').click()
  await byId(page, 'export-caps').check()
  const capped = await fetch(await address())
  assert.match(await capped.text(), /^[a-z_,]*,market_cap\n/)
  assert.match(await words(page, 'export-command'), / --with-market-cap /)
  await byId(page, 'export-caps').uncheck()

  // Enter on the link, which the dialog begins with, is a download.
  await byId(page, 'export-kind-trades').click()
  await byId(page, 'export-format-jsonl').click()
  await link.focus()
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')])
  const rows = (await readFile(await download.path(), 'utf8')).trim().split('\n')
  assert.ok(rows.length > 10 && rows.every((row) => JSON.parse(row).mint), 'there are trades')
  assert.match(
    await words(page, 'export-command'),
    new RegExp(`^spinscope export trades --url ${base} -o all-trades.jsonl$`),
  )
  await closeDialog(page)
  assert.deepEqual(page.complaints, [])
  await page.context().close()
})

test('several tokens, by name, by address and from a list, and a time', async () => {
  const page = await open(browser)
  const { mints } = await ask('/api/mints?limit=5')
  assert.ok(mints.length >= 3)
  await show(page)
  await byId(page, 'export-kind-trades').click()
  await byId(page, 'export-which-chosen').click()
  assert.equal(await byId(page, 'export-problem').getAttribute('data-field'), 'mints')
  assert.equal(await byId(page, 'export-link').getAttribute('href'), null)

  await byId(page, 'export-symbol').click()
  await byId(page, 'export-token').first().waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await byId(page, 'export-remove').click()
  await byId(page, 'export-symbol').fill(mints[0])
  await byId(page, 'export-symbol').evaluate((field, text) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text', text)
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  }, `${mints[1]}\n${mints[2]},${mints[0]}`)
  await until('three are chosen', async () => (await byId(page, 'export-remove').count()) === 3)

  await byId(page, 'export-span-between').click()
  await byId(page, 'export-from').fill('2026-02-30')
  assert.match(await words(page, 'export-problem'), /there is no 2026-02-30/)
  await byId(page, 'export-from').fill('30d')
  await byId(page, 'export-to').fill('1d')
  assert.match(await words(page, 'export-range'), /^\d{4}-\d\d-\d\d .* to \d{4}-\d\d-\d\d .*, (UTC|local time)$/)
  const url = new URL(await byId(page, 'export-link').getAttribute('href'))
  const [from, to] = ['from', 'to'].map((name) => Number(url.searchParams.get(name)))
  assert.deepEqual([url.searchParams.getAll('mint'), to - from], [mints.slice(0, 3), 29 * 86_400])
  await wellMade(page, 'between two times')
  assert.deepEqual(page.complaints, [])
  await page.context().close()
})

for (const theme of ['dark', 'light']) {
  for (const [width, height] of [
    [1280, 800],
    [390, 844],
  ]) {
    test(`an export of the app in ${theme} at ${width} pixels`, async () => {
      const page = await inApp({ theme, width, height })
      await show(page)
      await until('the button has the focus', () =>
        page.evaluate(() => document.activeElement.dataset.testid === 'export-begin'),
      )
      await wellMade(page, 'at first')
      await picture(page, `export-${theme}-${width}`)

      await page.keyboard.press('Enter')
      await until('the shell is asked', () => page.evaluate(() => window.exported.length === 1))
      const { mint, interval } = await debug(page)
      const [asked] = await page.evaluate(() => window.exported)
      assert.match(asked.name, new RegExp(`-${interval}\\.csv$`))
      assert.deepEqual(
        { ...asked, name: '' },
        { kind: 'candles', format: 'csv', interval, mints: [mint], from: null, to: null, market_cap: false, name: '' },
      )

      const path = '/home/anna/Documents/SPT-m1.csv'
      await tell(page, 'export:progress', { path, rows: 412_000, part: 0.4, left: 72 })
      await until('it is told', async () => /412 000 rows, about 1m left/.test(await words(page, 'export-outcome')))
      await wellMade(page, 'running')
      await picture(page, `export-running-${theme}-${width}`)
      await until('the button, which stops it now, has the focus still', () =>
        page.evaluate(() => document.activeElement.dataset.testid === 'export-stop'),
      )
      await page.keyboard.press('Enter')
      await until('it is to stop', () => page.evaluate(() => window.exported.at(-1) === 'stop'))
      const ended = { path, rows: 0, bytes: 0, gaps: 0, stopped: true, error: '' }
      await tell(page, 'export:end', ended)
      await until('it is stopped', async () => /No file was written/.test(await words(page, 'export-outcome')))

      await byId(page, 'export-begin').click()
      await tell(page, 'export:end', { ...ended, rows: 1_030_204, bytes: 91_000_000, gaps: 3, stopped: false })
      await until('it is done', async () => /1 030 204 rows/.test(await words(page, 'export-outcome')))
      assert.match(await words(page, 'export-gaps'), /3 known gaps may touch it/)
      await wellMade(page, 'done')
      await picture(page, `export-done-${theme}-${width}`)
      await tell(page, 'export:end', { ...ended, stopped: false, error: `${path}: the disk is full: make room there` })
      await until('it has failed', async () => /the disk is full/.test(await words(page, 'export-outcome')))
      await wellMade(page, 'failed')

      // Without the dialog the status line and a message tell.
      await byId(page, 'export-close').click()
      await page.locator('dialog').waitFor({ state: 'detached' })
      await tell(page, 'export:progress', { path, rows: 5, part: 0.1, left: 0 })
      await tell(page, 'export:end', { ...ended, rows: 5, bytes: 9, stopped: false })
      await until('a message tells', async () => /Exported 5 rows to .*SPT-m1\.csv/.test(await words(page, 'toast')))
      assert.deepEqual(page.complaints, [])
      await page.context().close()
    })
  }
}

test('a server with a token gives its files to the page, which hands them on', async (t) => {
  if (!process.env.SPINSCOPE_TOKEN) return t.skip('SKIPPED: set SPINSCOPE_TOKEN and start the server with that token')
  const page = await open(browser)
  await show(page)
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')])
  assert.match(download.suggestedFilename(), /-m1\.csv$/)
  const rows = (await readFile(await download.path(), 'utf8')).trim().split(/\r?\n/)
  await until('the dialog tells', async () => /^\s*[\d ]+ rows/.test(await words(page, 'export-outcome')))
  const counted = Number((await words(page, 'export-outcome')).match(/^\s*([\d ]+) rows/)[1].replace(/ /g, ''))
  assert.equal(counted, rows.length - 1)
  assert.deepEqual(page.complaints, [])
  await page.context().close()
})
