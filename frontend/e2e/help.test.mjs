// Help › What you see: every mark beside its words, found by key, in both themes and on a phone.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { covered, cut } from './fit.mjs'
import { byId, closeDialog, launch, leave, open, picture, until } from './page.mjs'
import { FORM, shell } from './shell.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const entries = (page) => byId(page, 'help-entry').locator('visible=true').count()

for (const theme of ['dark', 'light']) {
  test(`what is seen is explained beside itself, in ${theme}`, async () => {
    const page = await open(browser, { theme })
    await page.keyboard.press('F1')
    await byId(page, 'help-dialog').waitFor()
    const all = await entries(page)
    assert.ok(all > 50, `${all} entries`)
    assert.deepEqual(await findings(page), [])
    assert.deepEqual(await cut(page), [])
    await picture(page, `help-${theme}`)

    // The square is drawn in the very colour that the chart marks liquidations with.
    const colours = await page.evaluate(() => {
      const entry = [...document.querySelectorAll('[data-testid="help-entry"]')].find((one) =>
        /violet square/.test(one.textContent),
      )
      const paint = document.createElement('i')
      paint.style.color = 'var(--chart-liquidation)'
      document.body.append(paint)
      const drawn = getComputedStyle(entry.querySelector('g')).fill
      const marked = getComputedStyle(paint).color
      paint.remove()
      return [drawn, marked]
    })
    assert.equal(colours[0], colours[1])

    // By key alone: the field has the focus, a section is a Tab and Enter away.
    await page.keyboard.type('gap')
    await until('only those about gaps are left', async () => {
      const left = await entries(page)
      return left > 1 && left < 10
    })
    await picture(page, `help-found-${theme}`)
    await page.keyboard.press('Control+a')
    await page.keyboard.type('no such thing')
    await byId(page, 'help-nothing').waitFor()
    assert.deepEqual(await findings(page), [])
    await byId(page, 'help-nothing').getByRole('button').click()
    await until('everything is there again', async () => (await entries(page)) === all)
    await byId(page, 'help-search').focus()
    for (let i = 0; i < 5; i++) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await until('the section is in sight and has the focus', () =>
      page.evaluate(() => {
        const heading = document.activeElement
        const list = document.querySelector('[data-testid="help-body"]').getBoundingClientRect()
        const { top, bottom } = heading.getBoundingClientRect()
        return heading.tagName === 'H3' && top >= list.top - 1 && bottom <= list.bottom
      }),
    )
    await picture(page, `help-section-${theme}`)
    await closeDialog(page)
    assert.deepEqual(page.complaints, [])
    await leave(page)
  })

  test(`on a phone it has room, in ${theme}`, async () => {
    const page = await open(browser, { theme, width: 390, height: 800, touch: true })
    await page.keyboard.press('F1')
    await byId(page, 'help-dialog').waitFor()
    assert.deepEqual(await findings(page), [])
    assert.deepEqual(await cut(page), [])
    assert.deepEqual(await covered(page), [])
    await picture(page, `help-390-${theme}`)
    await leave(page)
  })
}

for (const theme of ['dark', 'light']) {
  test(`the first tour goes by key, forward, back and away, in ${theme}`, async () => {
    const page = await open(browser, { theme })
    const go = async () => {
      await page.keyboard.press('Control+k')
      await page.keyboard.type('first tour')
      await page.keyboard.press('Enter')
      await byId(page, 'tour-dialog').waitFor()
    }
    const place = (text) => until(text, async () => (await byId(page, 'tour-place').textContent()) === text)
    await go()
    for (const [i, name] of ['coins', 'chart', 'side', 'status'].entries()) {
      await place(`${i + 1} of 4`)
      assert.equal(await byId(page, 'tour-frame').count(), 1, name)
      assert.deepEqual(await findings(page), [], name)
      await picture(page, `tour-${name}-${theme}`)
      if (i < 3) await page.keyboard.press('Enter')
    }
    await byId(page, 'tour-back').click()
    await place('3 of 4')
    await byId(page, 'tour-next').click()
    await place('4 of 4')
    await byId(page, 'tour-next').click()
    await page.locator('dialog').waitFor({ state: 'detached' })
    await go()
    await closeDialog(page)
    assert.deepEqual(page.complaints, [])
    await leave(page)
  })
}

test('the tour comes by itself once, after the first start’s question, and on a phone it has room', async () => {
  const first = (page) => page.addInitScript(shell, { form: { ...FORM, fallback: [] }, first: true })
  const page = await open(browser, { routes: first })
  await byId(page, 'market-demo').waitFor()
  assert.equal(await byId(page, 'tour-dialog').count(), 0)
  await page.keyboard.press('Escape')
  await byId(page, 'tour-dialog').waitFor()
  await byId(page, 'tour-skip').click()
  await page.locator('dialog').waitFor({ state: 'detached' })
  assert.equal(await page.evaluate(() => JSON.parse(localStorage.getItem('spinscope.prefs')).tour), 'shown')
  await leave(page)

  const small = await open(browser, { width: 390, height: 800, touch: true })
  await small.keyboard.press('Control+k')
  await small.keyboard.type('first tour')
  await small.keyboard.press('Enter')
  await byId(small, 'tour-dialog').waitFor()
  for (let i = 0; i < 4; i++) {
    assert.deepEqual(await cut(small), [])
    assert.deepEqual(await covered(small), [])
    await picture(small, `tour-390-${i + 1}`)
    await byId(small, 'tour-next').click()
  }
  await small.locator('dialog').waitFor({ state: 'detached' })
  await leave(small)
})
