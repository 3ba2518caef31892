// A link opens a coin, its interval and a time, far back too; a wrong one says what is wrong with it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { allCandles, base, byId, debug, launch, leave, open, picture, ready, until } from './page.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const copied = async (page) => {
  await page.evaluate(() => navigator.clipboard.writeText(''))
  await page.keyboard.press('Shift+U')
  return until('a link is copied', () => page.evaluate(() => navigator.clipboard.readText()))
}
const shown = (page) => byId(page, 'chart').evaluate(({ dataset }) => [dataset.mint, dataset.interval])

for (const theme of ['dark', 'light']) {
  test(`a link opens what was in sight, in ${theme}`, async () => {
    const page = await open(browser, { theme, width: 1280, height: 800 })
    const { mint } = await debug(page)
    const candles = await allCandles(mint, 's1')
    const [first, last] = [candles[100].time, candles[159].time + 1]
    const link = `${base}/#coin=${mint}&interval=s1&from=${first}&to=${last}`

    // Somebody else's window, with another coin and layout.
    const other = await open(browser, { theme, width: 1280, height: 800 })
    await other.keyboard.press('j')
    await other.keyboard.press('Alt+2')
    await until('two charts are drawn', async () => (await byId(other, 'legend-close').count()) === 2)
    await other.goto('about:blank')
    await other.goto(link)
    await ready(other)
    await until('the link is shown', async () => (await copied(other)) === link)
    assert.deepEqual(await other.evaluate(() => location.hash), '')
    await picture(other, `link-${theme}`)
    await leave(other)

    // In a window that is open, and one that is wrong.
    const before = await shown(page)
    await page.evaluate((to) => (location.hash = to), '#coin=SPT')
    const toast = page.locator('[data-testid="toast"]', { hasText: 'The link opens nothing' })
    await toast.waitFor()
    assert.match(await toast.textContent(), /its coin is not an address of Solana/)
    assert.deepEqual([await shown(page), await findings(page)], [before, []])
    await picture(page, `link-wrong-${theme}`)
    await page.evaluate((to) => (location.hash = to), new URL(link).hash)
    await until('the link is shown here too', async () => (await copied(page)) === link)
    await page.evaluate((to) => (location.hash = to), `#coin=${mint}&interval=m1&from=1000&to=2000`)
    await page.locator('[data-testid="toast"]', { hasText: 'no candle of the time' }).waitFor()
    assert.deepEqual(await shown(page), [mint, 'm1'])
    assert.deepEqual(page.complaints, [])
    await leave(page)
  })
}
