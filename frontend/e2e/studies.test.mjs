// Studies in panes of their own below the candles: their figures follow from the candles, and they take no room when not shown.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { ask, byId, closeDialog, debug, drawn, launch, open, picture, pixels, until } from './page.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

/** What the legend says and what the candles of the same moment give, by indicator. */
const both = (page) =>
  page.evaluate(() => {
    const bars = window.__spinscope.candles
    const said = (name) => Number(document.querySelector(`[data-testid="legend-${name}"]`)?.dataset.value)
    const day = (time) => Math.floor(time / 86_400)
    const last = bars.at(-1)
    let cvd = 0
    for (const bar of bars) if (day(bar.time) === day(last.time)) cvd += 2 * bar.buy_volume - bar.volume
    let [gain, loss, range] = [0, 0, 0]
    bars.forEach((bar, i) => {
      const before = bars[i - 1]?.close
      const change = before === undefined ? 0 : bar.close - before
      const far = before === undefined ? bar.high - bar.low : Math.max(bar.high, before) - Math.min(bar.low, before)
      if (i > 0 && i <= 14) [gain, loss] = [gain + Math.max(change, 0) / 14, loss + Math.max(-change, 0) / 14]
      else if (i > 14) [gain, loss] = [(gain * 13 + Math.max(change, 0)) / 14, (loss * 13 + Math.max(-change, 0)) / 14]
      range = i < 14 ? range + far / 14 : (range * 13 + far) / 14
    })
    return {
      rsi: [said('rsi'), 100 - 100 / (1 + gain / loss)],
      atr: [said('atr'), range],
      delta: [said('flow-delta'), 2 * last.buy_volume - last.volume],
      cvd: [said('flow-CVD'), cvd],
      apart: [said('macd-apart'), said('macd') - said('macd-signal')],
    }
  })

for (const theme of ['dark', 'light']) {
  test(`order flow, RSI, MACD and ATR have panes of their own in ${theme}`, async () => {
    const page = await open(browser, { theme, width: 1440, height: 900 })
    await byId(page, 'token-row').first().click()
    const panes = () => page.locator('[data-testid="chart"] table tr').count()
    const alone = await panes()
    const before = (await pixels(page)).hash
    for (const key of ['Shift+F', 'Shift+R', 'Shift+D', 'Shift+T']) await page.keyboard.press(key)
    await until('there are four panes more', async () => (await panes()) >= alone + 4)
    let seen
    await until('the legend says what the candles give', async () => {
      seen = await both(page)
      return Object.values(seen).every(
        ([said, want]) => Math.abs(said - want) <= 1e-6 * Math.max(1e-12, Math.abs(want)),
      )
    }).catch((error) => assert.fail(`${error.message}\n${JSON.stringify(seen)}`))
    assert.notEqual((await pixels(page)).hash, before)
    await drawn(page)
    await picture(page, `studies-${theme}-1440`)
    assert.deepEqual(await findings(page), [])

    await page.setViewportSize({ width: 390, height: 844 })
    await drawn(page)
    await picture(page, `studies-${theme}-390`)
    await page.setViewportSize({ width: 1440, height: 900 })
    for (const key of ['Shift+F', 'Shift+R', 'Shift+D', 'Shift+T']) await page.keyboard.press(key)
    await until('the candles have all the room again', async () => (await panes()) === alone)
    assert.deepEqual(page.complaints, [])
    await page.context().close()
  })
}

test('averages of several lengths are drawn, told and kept', async () => {
  const page = await open(browser, { width: 1440, height: 900 })
  await byId(page, 'token-row').first().click()
  await page.keyboard.press('m')
  await drawn(page)
  const alone = (await pixels(page)).hash
  await page.keyboard.press('o')
  await byId(page, 'layer-maPeriod').fill('5, 20, 60')
  await closeDialog(page)
  await until('all are painted', async () => (await pixels(page)).hash !== alone)

  // Each is the mean of its own closes.
  let seen
  await until('the legend says what the candles give', async () => {
    seen = await page.evaluate(() => {
      const closes = window.__spinscope.candles.map(({ close }) => close)
      const said = (name) => Number(document.querySelector(`[data-testid="legend-${name}"]`)?.dataset.value)
      const mean = (bars) =>
        closes.length < bars ? NaN : closes.slice(-bars).reduce((sum, one) => sum + one, 0) / bars
      return [
        [said('ma'), mean(5)],
        [said('ma-20'), mean(20)],
        [said('ma-60'), mean(60)],
      ]
    })
    return seen.every(([said, want]) => Object.is(said, want) || Math.abs(said / want - 1) < 1e-9)
  }).catch((error) => assert.fail(`${error.message}\n${JSON.stringify(seen)}`))

  await picture(page, 'averages-dark-1440')
  await page.reload()
  await byId(page, 'legend-ma-60').waitFor()
  assert.deepEqual(page.complaints, [])
  await page.context().close()
})

for (const theme of ['dark', 'light']) {
  test(`volume by price is that of the candles in sight in ${theme}`, async () => {
    const page = await open(browser, { theme, width: 1440, height: 900 })
    await byId(page, 'token-row').first().click()
    const alone = (await pixels(page)).hash
    await page.keyboard.press('Shift+K')
    await until('it is painted', async () => (await pixels(page)).hash !== alone)

    // All candles are in sight: the most traded row is that of their volumes, each spread over its range.
    await page.keyboard.press('f')
    let seen
    await until('the legend says where most was traded', async () => {
      seen = await page.evaluate(() => {
        const rows = 48
        const bars = window.__spinscope.candles
        const low = Math.min(...bars.map((one) => one.low))
        const step = (Math.max(...bars.map((one) => one.high)) - low) / rows
        const sizes = Array.from({ length: rows }, (_, row) =>
          bars.reduce((sum, one) => {
            const [bottom, top] = [low + row * step, low + (row + 1) * step]
            const inside = Math.max(0, Math.min(one.high, top) - Math.max(one.low, bottom))
            const flat = Math.min(rows - 1, Math.floor((one.low - low) / step)) === row
            return sum + one.volume * (one.high > one.low ? inside / (one.high - one.low) : Number(flat))
          }, 0),
        )
        const said = Number(document.querySelector('[data-testid="legend-profile"]')?.dataset.value)
        const row = Math.floor((said - low) / step)
        return { said, of: sizes[row] / Math.max(...sizes), bars: bars.length }
      })
      // Rows may be equal to the last digits.
      return seen.of > 1 - 1e-6
    }).catch((error) => assert.fail(`${error.message}\n${JSON.stringify(seen)}`))
    await drawn(page)
    await picture(page, `profile-${theme}-1440`)
    assert.deepEqual(await findings(page), [])

    await page.setViewportSize({ width: 390, height: 844 })
    await drawn(page)
    await picture(page, `profile-${theme}-390`)
    assert.deepEqual(page.complaints, [])
    await page.context().close()
  })
}

for (const theme of ['dark', 'light']) {
  test(`another coin is compared with, in percent, and kept in ${theme}`, async () => {
    const page = await open(browser, { theme, width: 1440, height: 900 })
    await byId(page, 'token-row').first().click()
    const { mint, interval } = await debug(page)
    const alone = (await pixels(page)).hash
    await page.keyboard.press('Shift+X')
    const field = byId(page, 'compare-symbol')
    await field.click()
    const option = page.locator(`[data-testid="compare-token"]:not([data-mint="${mint}"])`).first()
    const other = await option.getAttribute('data-mint')
    const symbol = (await option.textContent()).trim().split(/\s/)[0]
    await picture(page, `compare-choose-${theme}-1440`)
    await option.click()
    await closeDialog(page)
    await until('the legend names it', async () =>
      new RegExp(`vs ${symbol} 0`).test(await byId(page, 'legend').first().textContent()),
    )
    await until('it is painted', async () => (await pixels(page)).hash !== alone)

    // Its last close at a candle that stands.
    for (let i = 0; i < 12; i++) await page.keyboard.press('ArrowLeft')
    let seen
    await until('the legend says its last close', async () => {
      const time = Number(await byId(page, 'legend').first().getAttribute('data-time'))
      const said = Number(await byId(page, 'legend-compare').getAttribute('data-value'))
      const { klines } = await ask(`/api/kline?mint=${other}&interval=${interval}&limit=1&to=${time}`)
      seen = { time, said, close: klines[0]?.close }
      return seen.said === Number(seen.close)
    }).catch((error) => assert.fail(`${error.message}\n${JSON.stringify(seen)}`))
    await page.keyboard.press('Escape')
    await drawn(page)
    await picture(page, `compare-${theme}-1440`)
    assert.deepEqual(await findings(page), [])
    await page.setViewportSize({ width: 390, height: 844 })
    await drawn(page)
    await picture(page, `compare-${theme}-390`)
    await page.setViewportSize({ width: 1440, height: 900 })

    await page.reload()
    await byId(page, 'legend-compare').waitFor()
    await page.keyboard.press('Shift+X')
    await byId(page, 'legend-compare').waitFor({ state: 'detached' })
    assert.deepEqual(page.complaints, [])
    await page.context().close()
  })
}

test('the VWAP counts from a candle on that was picked, of its coin alone, and by sessions again', async () => {
  const page = await open(browser, { width: 1440, height: 900 })
  await byId(page, 'token-row').first().click()
  await page.keyboard.press('w')
  for (let i = 0; i < 20; i++) await page.keyboard.press('ArrowLeft')
  const here = Number(await byId(page, 'legend').first().getAttribute('data-time'))
  await page.keyboard.press('Alt+w')
  await page.keyboard.press('Escape')
  await until('the legend says since when', async () =>
    /VWAP since/.test(await byId(page, 'legend').first().textContent()),
  )
  let seen
  await until('it is the sum paid by the tokens since then', async () => {
    seen = await page.evaluate((from) => {
      const bars = window.__spinscope.candles.filter(({ time }) => time >= from)
      const sum = (what) => bars.reduce((all, one) => all + one[what], 0)
      return [
        Number(document.querySelector('[data-testid="legend-vwap"]').dataset.value),
        sum('quote_volume') / sum('volume'),
      ]
    }, here)
    return Math.abs(seen[0] / seen[1] - 1) < 1e-9
  }).catch((error) => assert.fail(`${error.message}\n${JSON.stringify(seen)}`))
  await picture(page, 'vwap-picked-dark-1440')

  const { mint } = await debug(page)
  await page.locator(`[data-testid="token-row"]:not([data-mint="${mint}"])`).first().click()
  await until('another coin goes on by the day', async () =>
    /VWAP 0/.test(await byId(page, 'legend').first().textContent()),
  )
  await page.locator(`[data-testid="token-row"][data-mint="${mint}"]`).click()
  await until('the coin counts from there again', async () =>
    /VWAP since/.test(await byId(page, 'legend').first().textContent()),
  )

  await page.keyboard.press('o')
  assert.equal(await byId(page, 'layer-vwapSince').inputValue(), 'picked')
  await picture(page, 'layers-dark-1440')
  await byId(page, 'layer-vwapSince').selectOption('week')
  await closeDialog(page)
  await until('the week counts', async () => /VWAP of the week/.test(await byId(page, 'legend').first().textContent()))
  await page.reload()
  await until('it is kept', async () => /VWAP of the week/.test(await byId(page, 'legend').first().textContent()))
  assert.deepEqual(page.complaints, [])
  await page.context().close()
})

test('the crosshair in a pane of a study says the candle, and no price', async () => {
  const page = await open(browser, { width: 1280, height: 800 })
  await byId(page, 'token-row').first().click()
  await page.keyboard.press('Shift+R')
  const chart = await byId(page, 'chart').boundingBox()
  await until('the legend is at another candle', async () => {
    await page.mouse.move(chart.x + chart.width * (0.4 + Math.random() / 20), chart.y + chart.height * 0.85)
    return (await byId(page, 'legend').first().getAttribute('data-hovered')) === 'true'
  })
  await page.mouse.click(chart.x + chart.width * 0.4, chart.y + chart.height * 0.85, { button: 'right' })
  await drawn(page)
  assert.equal(await byId(page, 'menu-alert').count(), 0, 'no alert at a price where there is none')
  await page.context().close()
})
