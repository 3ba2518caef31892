import { afterEach, expect, it, vi } from 'vitest'
import type { Sharing } from '../native'

afterEach(() => {
  vi.resetModules()
  localStorage.clear()
})

const sharing = (place: number, kept: Record<string, string> = {}) => ({
  Kept: async () => ({ place, kept }),
  Keep: vi.fn(async () => undefined),
  NewWindow: async () => undefined,
})

it('tells what the first window keeps, and hands it on', async () => {
  const [{ share, everythingKept }, windows] = [await import('./share'), await import('./storage')]
  const app = sharing(1)
  await share(app satisfies Sharing)
  localStorage.setItem('other', 'x')
  windows.storage()?.setItem('spinscope.a', '1')
  windows.storage()?.setItem('spinscope.b', '2')
  windows.storage()?.removeItem('spinscope.b')
  expect(localStorage.getItem('spinscope.a')).toBe('1')
  expect(app.Keep.mock.calls).toEqual([
    ['spinscope.a', '1'],
    ['spinscope.b', '2'],
    ['spinscope.b', null],
  ])
  expect(everythingKept()).toEqual({ 'spinscope.a': '1' })
})

it('keeps nothing itself in a further window', async () => {
  const [{ share, everythingKept }, windows] = [await import('./share'), await import('./storage')]
  const app = sharing(2, { 'spinscope.a': '1' })
  await share(app satisfies Sharing)
  expect(windows.place).toBe(2)
  expect(windows.storage()?.getItem('spinscope.a')).toBe('1')
  windows.storage()?.setItem('spinscope.b', '2')
  expect(localStorage.length).toBe(0)
  expect(everythingKept()).toEqual({ 'spinscope.a': '1', 'spinscope.b': '2' })
  expect(app.Keep.mock.calls).toEqual([['spinscope.b', '2']])
})
