// The window from a wide screen down to a phone, and zoomed: nothing lies over anything else, everything can be reached, and
// fingers do what fingers do elsewhere.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { covered, cut } from './fit.mjs'
import { ask, byId, debug, drawn, launch, open, picture, until } from './page.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const SIZES = [
  [1440, 900],
  [1100, 700],
  [960, 600],
  [900, 600],
  [899, 600],
  [768, 1024],
  [760, 560],
  [640, 400], // 1280×800 at 200 %
  [390, 844],
  [380, 400], // the smallest window at 200 %
]

/** Waits until nothing lies over anything, as what was changed is drawn. */
async function fits(page, what) {
  let found = []
  await until(`everything has its place: ${what}`, async () => {
    await drawn(page)
    found = [...(await covered(page)), ...(await cut(page))]
    return found.length === 0
  }).catch((error) => assert.fail(`${error.message}\n${found.join('\n')}`))
}

const visible = (page, id) => byId(page, id).first().isVisible()

for (const theme of ['dark', 'light']) {
  for (const scale of [1, 2]) {
    test(`everything has its place in ${theme} at ${scale}×, from 1440 to 380 pixels`, async () => {
      const page = await open(browser, { theme, scale })
      await byId(page, 'trade').first().waitFor()
      for (const [width, height] of SIZES) {
        await page.setViewportSize({ width, height })
        const panels = width < 900 ? ['tokens', 'side', 'chart'] : ['']
        for (const panel of panels) {
          if (panel) await byId(page, `panel-${panel}`).click()
          assert.equal(await visible(page, 'token-search'), panel === '' || panel === 'tokens', `${width} ${panel}`)
          assert.equal(await visible(page, 'tape'), panel === '' || panel === 'side', `${width} ${panel}`)
          assert.equal(await visible(page, 'interval-m1'), panel === '' || panel === 'chart', `${width} ${panel}`)
          await fits(page, `${width}x${height} ${panel}`)
          await picture(page, `narrow-${width}${panel && `-${panel}`}-${theme}-${scale}x`)
          if (scale === 1) assert.deepEqual(await findings(page), [], `${width} ${panel}`)
        }
        const chart = await byId(page, 'chart').boundingBox()
        assert.ok(
          chart.width > 0.45 * width && chart.height > 0.3 * height,
          `a chart at ${width}: ${JSON.stringify(chart)}`,
        )
      }
      assert.deepEqual(page.complaints, [])
      await page.context().close()
    })
  }
}

test('at every width the toolbar and the status line have room, and what has none is in the menu', async () => {
  const page = await open(browser, { width: 1440 })
  for (let width = 1440; width >= 320; width -= width > 1000 ? 15 : 20) {
    await page.setViewportSize({ width, height: 700 })
    await fits(page, `${width}`)
    const symbol = await byId(page, 'symbol').evaluate((node) => [node.scrollWidth, node.clientWidth])
    assert.ok(width < 380 || symbol[0] <= symbol[1], `the whole symbol at ${width}: ${symbol}`)
    for (const name of ['log', 'fit', 'layers', 'volume', 'reset']) {
      const shown = (await byId(page, `toggle-${name}`).count()) + (await byId(page, name).count()) > 0
      if (shown) continue
      await byId(page, 'more').click()
      await byId(page, `more-${name}`).waitFor()
      await page.keyboard.press('Escape')
    }
  }
  for (const [width, menu, interval] of [
    [780, 'intervals', 'm3'],
    [400, 'more', 'w1'],
  ]) {
    await page.setViewportSize({ width, height: 700 })
    await byId(page, menu).click()
    await byId(page, `more-${interval}`).click()
    await until(`${interval} is shown`, async () => (await debug(page)).interval === interval)
    await fits(page, `${interval} at ${width}`)
    assert.equal(await byId(page, `interval-${interval}`).getAttribute('aria-pressed'), 'true')
  }
  await byId(page, 'more').click()
  await byId(page, 'more-log').click()
  assert.equal(await page.evaluate(() => JSON.parse(localStorage.getItem('spinscope.prefs')).log), true)
  await byId(page, 'more').click()
  await byId(page, 'more-commands').click()
  await byId(page, 'palette-input').waitFor()
  assert.deepEqual(page.complaints, [])
  await page.context().close()
})

test('on a phone a token leads to its chart, a command to its panel', async () => {
  const page = await open(browser, { width: 390, height: 844, touch: true })
  await byId(page, 'panel-tokens').tap()
  const other = page.locator('[data-testid="token-row"][aria-selected="false"]').first()
  const mint = await other.getAttribute('data-mint')
  await other.tap()
  await until('it is shown', async () => (await debug(page)).mint === mint)
  assert.ok(await visible(page, 'interval-m1'), 'its chart is in sight')
  await byId(page, 'show-alerts').tap()
  await byId(page, 'alert-new').waitFor()
  assert.match(await byId(page, 'panel-side').textContent(), /Alerts/)
  await byId(page, 'alert-new').tap()
  await byId(page, 'alert-price').waitFor()
  await fits(page, 'the form of an alert')
  await byId(page, 'alert-cancel').tap()
  await page.keyboard.press('/')
  await until('the search has the focus', () =>
    page.evaluate(() => document.activeElement?.dataset.testid === 'token-search'),
  )
  assert.deepEqual(page.complaints, [])
  await page.context().close()
})

test('two fingers scale the chart, a resting one has the crosshair until the next tap', async () => {
  const { mints } = await ask('/api/mints?sort_by=volume_desc&limit=1')
  const page = await open(browser, {
    width: 390,
    height: 844,
    touch: true,
    // One that has candles from edge to edge.
    routes: (page) =>
      page.addInitScript(
        (prefs) => localStorage.setItem('spinscope.prefs', prefs),
        JSON.stringify({ charts: [{ mint: mints[0], interval: 's1' }] }),
      ),
  })
  await until('there are enough candles', async () => (await debug(page)).bars > 100)
  const box = await byId(page, 'chart').boundingBox()
  const at = (x, y, id = 0) => ({ x: box.x + box.width * x, y: box.y + box.height * y, id })
  const session = await page.context().newCDPSession(page)
  const touch = (type, ...touchPoints) => session.send('Input.dispatchTouchEvent', { type, touchPoints })
  const legend = byId(page, 'legend')
  const hovered = async () => (await legend.getAttribute('data-hovered')) === 'true'
  const time = async () => Number(await legend.getAttribute('data-time'))

  /** Rests a finger until it has the crosshair; the time there. */
  const rest = async (x) => {
    await touch('touchStart', at(x, 0.5))
    await until('the finger has the crosshair', hovered)
    await touch('touchMove', at(x - 0.02, 0.5))
    await touch('touchMove', at(x, 0.5))
    await drawn(page)
    const found = await time()
    await touch('touchEnd')
    assert.ok(await hovered(), 'it stays for its figures to be read')
    await touch('touchStart', at(0.4, 0.7))
    await touch('touchEnd')
    await until('a tap takes it away', async () => !(await hovered()))
    return found
  }
  const before = (await rest(0.6)) - (await rest(0.2))
  assert.ok(before > 0, `${before} seconds between two places`)
  await touch('touchStart', at(0.35, 0.5), at(0.45, 0.5, 1))
  for (let wide = 0.02; wide <= 0.2; wide += 0.02)
    await touch('touchMove', at(0.35 - wide, 0.5), at(0.45 + wide, 0.5, 1))
  await touch('touchEnd')
  await drawn(page)
  const later = (await rest(0.6)) - (await rest(0.2))
  assert.ok(later < before * 0.7, `${later} seconds where there were ${before}`)
  assert.equal(await byId(page, 'context-menu').count(), 0)
  assert.deepEqual(page.complaints, [])
  await page.context().close()
})
