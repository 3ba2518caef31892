// Figures as prices or market caps, in the quote or in US dollars: one switch for axis, header, list and tape.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { ask, byId, debug, drawn, launch, leave, open, picture, until } from './page.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

/** A shown price as a number: 0.0(7)2796, 1 234, 5.61k. */
function read(text) {
  const units = { k: 1e3, M: 1e6, B: 1e9, T: 1e12 }
  const plain = text
    .replace(/[↑↓]/g, '')
    .replace(/0\((\d+)\)/, (_, zeros) => '0'.repeat(Number(zeros)))
    .replace(/\s/g, '')
  return Number(plain.replace(/[kMBT]$/, '')) * (units[plain.at(-1)] ?? 1)
}

const near = (a, b, part = 0.002) => Math.abs(a - b) <= part * Math.abs(b)

/** What a price is shown as in one place, beside the price itself. */
const shown = (page, id) =>
  byId(page, id)
    .first()
    .evaluate((node) => {
      const held = node.dataset.value ? node : node.querySelector('[data-value]')
      return { text: held.textContent, value: Number(held.dataset.value) }
    })

/** Everywhere a price stands, it is shown times the factor. */
async function everywhere(page, factor, what) {
  await until(`prices are ${what}`, async () => {
    const [header, legend, row] = [
      await shown(page, 'price'),
      await shown(page, 'legend-close'),
      await shown(page, 'token-price'),
    ]
    const { last, lastLabel } = await debug(page)
    const now = await factor()
    return (
      [header, legend, row].every(({ text, value }) => near(read(text), value * now)) &&
      near(read(lastLabel), last.close * now)
    )
  })
}

for (const theme of ['dark', 'light']) {
  test(`prices, market caps, the quote and dollars in ${theme}`, async () => {
    const page = await open(browser, { theme, width: 1440, height: 900 })
    await byId(page, 'token-row').first().click()
    await byId(page, 'trade').first().waitFor()
    const { mint } = await debug(page)
    const supply = await until('the supply is known', async () => {
      const { tickers } = await ask(`/api/tickers?mint=${mint}`)
      return tickers[0].supply && Number(tickers[0].supply) / 10 ** tickers[0].decimals
    })
    const asked = []
    page.on('request', (request) => request.url().includes('/api/usd') && asked.push(request.url()))
    await everywhere(page, () => 1, 'as they are')
    assert.equal(await byId(page, 'legend-measure').count(), 0)
    assert.equal(asked.length, 0, 'dollars are asked for while nobody looks')

    await page.keyboard.press('Shift+M')
    await everywhere(page, () => supply, 'market caps')
    assert.equal(await byId(page, 'toggle-cap').getAttribute('aria-pressed'), 'true')
    assert.equal(await byId(page, 'legend-measure').textContent(), 'market cap')
    assert.equal(await byId(page, 'measure').textContent(), 'SOL cap')

    await byId(page, 'toggle-usd').click()
    await until('dollars are known', async () => /USD/.test(await byId(page, 'legend-measure').textContent()))
    const rate = async () => Number((await byId(page, 'dollars').textContent()).match(/[\d.]+/)[0])
    const told = await ask('/api/usd')
    assert.ok(near(await rate(), told.price) && !told.stale, JSON.stringify(told))
    await everywhere(page, async () => supply * (await rate()), 'market caps in dollars')
    assert.match(await byId(page, 'toggle-usd').getAttribute('title'), /^1 SOL = [\d.]+ USD, by Pyth/)
    await drawn(page)
    await picture(page, `measure-${theme}-1440`)
    assert.deepEqual(await findings(page), [])

    await page.keyboard.press('Shift+M')
    await everywhere(page, rate, 'dollars')
    const { text } = await shown(page, 'price')
    const cell = byId(page, 'trade-price').first()
    assert.ok(near(read(await cell.textContent()), read(text), 0.5), 'the tape is in dollars too')
    await page.reload()
    await until('the choice is kept', async () => (await byId(page, 'measure').textContent()) === 'USD')

    await page.setViewportSize({ width: 390, height: 844 })
    await drawn(page)
    await picture(page, `measure-${theme}-390`)
    assert.deepEqual(await findings(page), [])
    await byId(page, 'more').click()
    await byId(page, 'more-usd').click()
    await until('it is the quote again', async () => (await byId(page, 'measure').count()) === 0)
    assert.deepEqual(page.complaints, [])
    await page.context().close()
  })
}

test('a price of SOL that is old or unknown is not used, and says so', async () => {
  const told = {
    asset: 'SOL',
    price: 180,
    price_exact: '180',
    confidence: 1,
    publish_time: 1,
    account: '7UV',
    message: '',
  }
  let answer = { ...told, age: 301, stale: true, message: 'the feed was not written lately' }
  const page = await open(browser, {
    width: 1440,
    routes: (page) =>
      page.route('**/api/usd', (route) => route.fulfill({ json: { success: true, message: '', data: answer } })),
  })
  await page.keyboard.press('$')
  await until('it is said', async () => (await byId(page, 'dollars').textContent()) === 'no USD')
  await everywhere(page, () => 1, 'in the quote')
  assert.match(await byId(page, 'toggle-usd').getAttribute('title'), /not known: the feed was not written lately/)

  answer = { ...told, age: 4, stale: false }
  await everywhere(page, () => 180, 'in dollars once it is fresh')
  await leave(page)
})
