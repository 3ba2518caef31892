// Charts that are linked show one coin and one time; a further window opens what this one shows, and shares what is kept.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { cut } from './fit.mjs'
import { ask, byId, debug, launch, leave, open, picture, ready, until } from './page.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const coins = (page) => byId(page, 'chart').evaluateAll((list) => list.map(({ dataset }) => dataset.mint))
/** What is in sight of the focused chart, Unix seconds: what a link to it says. */
async function sight(page) {
  await page.evaluate(() => navigator.clipboard.writeText(''))
  await page.keyboard.press('Shift+U')
  const link = await until('a link is copied', () => page.evaluate(() => navigator.clipboard.readText()))
  const said = new URLSearchParams(new URL(link).hash.slice(1))
  return { from: Number(said.get('from')), to: Number(said.get('to')) }
}
const names = (page) => byId(page, 'legend-name').allTextContents()

for (const theme of ['dark', 'light']) {
  test(`linked charts show one coin and one time, in ${theme}`, async () => {
    const page = await open(browser, { theme, width: 1440, height: 900 })
    await page.keyboard.press('Alt+2')
    await until('two charts are drawn', async () => (await byId(page, 'legend-close').count()) === 2)
    await page.keyboard.press(']')
    await page.keyboard.press('j')
    const apart = await until('the charts show two coins', async () => {
      const shown = await coins(page)
      return shown[0] !== shown[1] && shown
    })

    await page.keyboard.press('Shift+G')
    await until('both show the coin of the focused one', async () => {
      const [first, second] = await coins(page)
      return first === apart[1] && second === apart[1]
    })
    await page.keyboard.press('k')
    await until('both show the next coin', async () => {
      const [first, second] = await coins(page)
      return first === second && first !== apart[1]
    })

    // The focused chart has another interval, and goes far back: the other follows it.
    await page.keyboard.press('Shift+Z')
    await until('each says that it is linked', async () => (await names(page)).every((name) => / · linked$/.test(name)))
    await page.keyboard.press('-')
    await page.keyboard.press('-')
    await until('both show the same time', async () => {
      const led = await sight(page)
      await page.keyboard.press('[')
      const other = await sight(page)
      await page.keyboard.press(']')
      return Math.abs(led.from - other.from) <= 600 && Math.abs(led.to - other.to) <= 600
    })
    for (const width of [1440, 1100, 900, 768, 390]) {
      await page.setViewportSize({ width, height: 900 })
      assert.deepEqual([width, await cut(page)], [width, []])
    }
    await page.setViewportSize({ width: 1440, height: 900 })
    assert.deepEqual(await findings(page), [])
    await picture(page, `linked-${theme}`)

    await page.keyboard.press('Shift+G')
    await page.keyboard.press('j')
    await until('the charts show two coins again', async () => {
      const [first, second] = await coins(page)
      return first !== second
    })
    assert.deepEqual(page.complaints, [])
    await leave(page)
  })
}

test('a further window shows the same coin, and both keep what either chose', async () => {
  const page = await open(browser)
  const { mint } = await debug(page)
  const popup = page.waitForEvent('popup')
  await page.keyboard.press('Shift+E')
  const other = await popup
  await ready(other)
  assert.equal((await debug(other)).mint, mint)

  const before = (await ask('/api/mints?limit=2')).mints.length
  assert.ok(before > 0)
  await other.keyboard.press('s')
  await until('the star is in both', async () => {
    const filled = (one) => byId(one, 'star').getAttribute('aria-pressed')
    return (await filled(page)) === 'true' && (await filled(other)) === 'true'
  })
  await page.keyboard.press('l')
  const kept = await until('the scale is kept', () =>
    page.evaluate(() => {
      const prefs = JSON.parse(localStorage.getItem('spinscope.prefs') ?? '{}')
      return prefs.log === true && prefs
    }),
  )
  assert.deepEqual(kept.favourites, [mint], 'the star went when the other window kept something')
  await leave(page)
})
