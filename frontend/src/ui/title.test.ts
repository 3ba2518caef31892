import { expect, it, vi } from 'vitest'
import { titleWriter } from './title'

it('writes a title at once, the next ones a second later, the newest of them', () => {
  vi.useFakeTimers()
  const written = vi.spyOn(document, 'title', 'set')
  const write = titleWriter()
  for (const text of ['1', '2', '3']) write(text)
  expect(document.title).toBe('1')
  vi.runAllTimers()
  expect(document.title).toBe('3')
  write('4')
  expect(document.title).toBe('4')
  write('4')
  vi.runAllTimers()
  expect(written.mock.calls.flat()).toEqual(['1', '3', '4'])
  vi.useRealTimers()
})
