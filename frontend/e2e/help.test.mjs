// Help › What you see: every mark beside its words, found by key, in both themes and on a phone.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { covered, cut } from './fit.mjs'
import { byId, closeDialog, launch, leave, open, picture, until } from './page.mjs'

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
