import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { INTERVALS } from '../../market/interval'
import { Prefs } from '../../state/prefs.svelte'
import { WindowState } from '../../state/window.svelte'
import { Workspace } from '../../state/workspace.svelte'
import { commands } from './commands'

/** What the desktop's native menu has, by command: menu items of one kind have an event of their own. */
function inMenu(): Set<string> {
  const text = ['menu.go', 'chartmenu.go'].map((name) => readFileSync(`../app/${name}`, 'utf8')).join('')
  const found = new Set(INTERVALS.map((interval) => `interval-${interval}`))
  const kinds: Record<string, string> = { toggle: '', theme: 'theme-', chart: 'chart-', layout: 'layout-' }
  for (const [, kind = '', what = ''] of text.matchAll(/"menu:(\w+)", "([\w-]+)"/g))
    found.add((kinds[kind] ?? '') + what)
  for (const [, event = ''] of text.matchAll(/"menu:(fit|about|shortcuts)"/g)) found.add(event)
  return found
}

/** These have a menu item for each thing they step through, or one that the shell answers itself. */
const COVERED = ['chart-cycle', 'theme', 'about', 'export-shown']
/** What only the desktop app has a command for. */
const DESKTOP = ['on-top']

test('every action is in the native menu, and the menu has no other', () => {
  const list = commands(new Workspace(new Prefs(null)), new WindowState()).map(({ id }) => id)
  const menu = inMenu()
  expect(list.filter((id) => !menu.has(id) && !COVERED.includes(id))).toEqual([])
  expect([...menu].filter((id) => !list.includes(id) && !DESKTOP.includes(id))).toEqual([])
})
