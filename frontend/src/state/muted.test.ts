import { expect, it } from 'vitest'
import type { Alert } from '../api/client/index'
import { Prefs } from './prefs.svelte'
import { Workspace } from './workspace.svelte'

it('an alert is told, but not over a replay', () => {
  const workspace = new Workspace(new Prefs(null))
  const alert = { message: 'WAFL rose above 1' } as Partial<Alert> as Alert
  workspace.muted = true
  workspace.alerts.announce?.([alert])
  expect(workspace.toasts.list).toEqual([])

  workspace.muted = false
  workspace.alerts.announce?.([alert])
  expect(workspace.toasts.list.map(({ text }) => text)).toEqual(['WAFL rose above 1'])
})
