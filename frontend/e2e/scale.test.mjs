// How candles, their axis and their volume are drawn: Heikin-Ashi, percent, volume in what was paid, and by who took.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { byId, debug, drawn, launch, open, picture, pixels, until } from './page.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

/** Of a candle that is closed, so that nothing moves: what the legend says of it. */
async function rest(page) {
  const chart = await byId(page, 'chart').boundingBox()
  await page.mouse.move(chart.x + chart.width * 0.6, chart.y + chart.height * 0.5)
  const legend = byId(page, 'legend').first()
  await until('a candle is crossed', async () => (await legend.getAttribute('data-hovered')) === 'true')
  const time = Number(await legend.getAttribute('data-time'))
  return (await debug(page)).candles.find((bar) => bar.time === time)
}

const said = async (page, name) => Number(await byId(page, `legend-${name}`).first().getAttribute('data-value'))

for (const theme of ['dark', 'light']) {
  test(`Heikin-Ashi, the axis in percent and both ways of volume in ${theme}`, async () => {
    const page = await open(browser, { theme, width: 1440, height: 900 })
    await byId(page, 'token-row').first().click()
    await page.keyboard.press('5')
    // The market goes on: between two looks another candle may come to lie there.
    const says = (name, field) =>
      until(`${name} is ${field}`, async () => (await rest(page))?.[field] === (await said(page, name)))
    await says('volume', 'volume')
    const plain = await pixels(page)

    await page.keyboard.press('Shift+V')
    await says('volume', 'quote_volume')
    assert.match(await byId(page, 'legend-volume').first().textContent(), /SOL$/)
    await page.keyboard.press('Shift+Q')

    const box = await byId(page, 'chart').boundingBox()
    const choose = async (item) => {
      await page.mouse.click(box.x + box.width * 0.4, box.y + box.height * 0.5, { button: 'right' })
      await byId(page, item).click()
    }
    await choose('menu-heikin')
    await byId(page, 'legend-smoothed').waitFor()
    await says('close', 'close') // not those that are drawn
    await choose('menu-percent')
    await until('it is drawn otherwise', async () => (await pixels(page)).hash !== plain.hash)
    await drawn(page)
    await picture(page, `scale-${theme}-1440`)
    assert.deepEqual(await findings(page), [])

    await page.reload()
    await until('the choice is kept', async () => (await byId(page, 'legend-smoothed').count()) === 1)
    await page.setViewportSize({ width: 390, height: 844 })
    await drawn(page)
    await picture(page, `scale-${theme}-390`)
    assert.deepEqual(await findings(page), [])
    assert.deepEqual(page.complaints, [])
    await page.context().close()
  })
}
