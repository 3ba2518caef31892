// Workspaces: how the window is arranged is saved under a name, opened again, renamed, deleted; nothing of it is lost or
// saved by itself.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { covered, cut } from './fit.mjs'
import { byId, closeDialog, debug, drawn, launch, leave, open, picture, ready, until } from './page.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const dialog = async (page) => {
  await page.keyboard.press('Shift+S')
  await byId(page, 'workspace-save').waitFor()
}
const row = (page, name) => page.locator(`[data-testid="workspace-row"][data-name="${name}"]`)
const closed = (page) => byId(page, 'workspaces-dialog').waitFor({ state: 'detached' })
const layout = (page) => byId(page, 'charts').getAttribute('data-layout')
const intervals = (page) =>
  byId(page, 'chart').evaluateAll((charts) => charts.map((chart) => chart.getAttribute('data-interval')))

const says = (page, id, words) =>
  until(`${id} says ${words}`, async () => words.test((await byId(page, id).textContent()) ?? ''))

async function save(page, name) {
  await byId(page, 'workspace-name').fill(name)
  await byId(page, 'workspace-name').press('Enter')
}

for (const theme of ['dark', 'light']) {
  test(`the window is saved under names and opened again, in ${theme}`, async () => {
    const page = await open(browser, { theme, width: 1440, height: 900 })
    await dialog(page)
    await says(page, 'workspaces-none', /None is saved yet/)
    assert.deepEqual(await findings(page), [])
    await picture(page, `workspaces-none-${theme}`)
    await save(page, 'One coin')
    await says(page, 'workspace-done', /“One coin” is saved/)
    await save(page, 'One coin')
    await says(page, 'workspace-problem', /“One coin” already/)
    await closeDialog(page)
    await says(page, 'workspace', /^\s*One coin$/)

    // Another arrangement is marked, and saved under a name of its own.
    const { mint } = await debug(page)
    await page.keyboard.press('Alt+2')
    await page.keyboard.press('5')
    await page.keyboard.press('Shift+R')
    await until('two charts are drawn', async () => (await byId(page, 'legend-close').count()) === 2)
    const pair = await intervals(page)
    await says(page, 'workspace', /^changed: *One coin$/s)
    await byId(page, 'workspace').click()
    await says(page, 'workspace-state', /^changed$/)
    await save(page, 'Two and RSI')
    await until('the change is saved', async () => (await byId(page, 'workspace-update').count()) === 0)
    await picture(page, `workspaces-${theme}`)
    await closeDialog(page)

    // The first one again: nothing is asked, as all is saved.
    await page.keyboard.press('Shift+S')
    await row(page, 'One coin').locator('[data-testid="workspace-open"]').click()
    await closed(page)
    await until('one chart is shown', async () => (await layout(page)) === 'one')
    await says(page, 'workspace', /^\s*One coin$/)
    await ready(page)
    assert.equal((await debug(page)).mint, mint)

    // A change is asked about before it is lost.
    await page.keyboard.press('v')
    const volume = () => byId(page, 'toggle-volume').getAttribute('aria-pressed')
    await until('there is no volume', async () => (await volume()) === 'false')
    await dialog(page)
    await row(page, 'Two and RSI').locator('[data-testid="workspace-open"]').click()
    await says(page, 'workspace-ask', /“One coin” was changed/)
    assert.deepEqual(await findings(page), [])
    await picture(page, `workspaces-ask-${theme}`)
    await page.setViewportSize({ width: 390, height: 844 })
    await drawn(page)
    assert.deepEqual([await covered(page), await cut(page)], [[], []])
    await picture(page, `workspaces-ask-390-${theme}`)
    await page.setViewportSize({ width: 1440, height: 900 })
    await byId(page, 'workspace-stay').click()
    assert.equal(await layout(page), 'one')
    await row(page, 'Two and RSI').locator('[data-testid="workspace-open"]').click()
    await byId(page, 'workspace-open-anyway').click()
    await closed(page)
    await until('the two charts are back', async () => (await byId(page, 'legend-close').count()) === 2)
    assert.deepEqual([await layout(page), await intervals(page), await volume()], ['columns', pair, 'true'])

    // It is as it was saved, without volume only where that was saved; and it is there after a restart.
    await page.keyboard.press('v')
    await dialog(page)
    await byId(page, 'workspace-update').click()
    await says(page, 'workspace-done', /is saved as the window is now/)
    await closeDialog(page)
    await page.reload()
    await ready(page)
    await byId(page, 'workspace').waitFor()
    await says(page, 'workspace', /^\s*Two and RSI$/)
    assert.equal(await volume(), 'false')

    // Names change; what is deleted can be brought back.
    await dialog(page)
    await row(page, 'Two and RSI').locator('[data-testid="workspace-rename"]').click()
    await byId(page, 'workspace-new-name').fill('Strength')
    await byId(page, 'workspace-new-name').press('Enter')
    await row(page, 'Strength').waitFor()
    assert.equal(await row(page, 'Two and RSI').count(), 0)
    await row(page, 'Strength').locator('[data-testid="workspace-delete"]').click()
    await until('it is gone', async () => (await byId(page, 'workspace-row').count()) === 1)
    await byId(page, 'workspace-back').click()
    await says(page, 'workspace-state', /^in use$/)
    await row(page, 'Strength').locator('[data-testid="workspace-state"]').waitFor()

    // All of them go to a file and come from one; a wrong one changes nothing.
    const loading = page.waitForEvent('download')
    await byId(page, 'workspaces-to-file').click()
    const download = await loading
    assert.equal(download.suggestedFilename(), 'spinscope-workspaces.json')
    const file = await readFile(await download.path(), 'utf8')
    const { format, version, workspaces } = JSON.parse(file)
    assert.deepEqual([format, version], ['spinscope-workspaces', 1])
    assert.deepEqual(
      workspaces.map((one) => [one.name, one.values.layout]),
      [
        ['One coin', 'one'],
        ['Strength', 'columns'],
      ],
    )
    const read = async (text) => {
      const choosing = page.waitForEvent('filechooser')
      await byId(page, 'workspaces-from-file').click()
      await (await choosing).setFiles({ name: 'w.json', mimeType: 'application/json', buffer: Buffer.from(text) })
    }
    await read('{"candles": []}')
    await says(page, 'workspace-problem', /not a file of workspaces.*Nothing was read/)
    assert.equal(await byId(page, 'workspace-row').count(), 2)
    assert.deepEqual(await findings(page), [])
    await read(file)
    await says(page, 'workspace-done', /All of them are here already/)
    await row(page, 'Strength').locator('[data-testid="workspace-delete"]').click()
    await read(file)
    await says(page, 'workspace-done', /Read: “Strength”/)
    await page.setViewportSize({ width: 390, height: 844 })
    await drawn(page)
    assert.deepEqual([await covered(page), await cut(page)], [[], []])
    await picture(page, `workspaces-390-${theme}`)
    await row(page, 'Strength').locator('[data-testid="workspace-open"]').click()
    await closed(page)
    assert.deepEqual(page.complaints, [])
    await leave(page)
  })
}
