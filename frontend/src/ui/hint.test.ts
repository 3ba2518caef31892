import { expect, it } from 'vitest'
import { hint } from './hint'

it('breaks what is long, keeps every word, and leaves out what is not there', () => {
  const signature = '5'.repeat(88)
  const text = hint(
    'sell, 12:00',
    false,
    undefined,
    `by an account with a long name, ${signature} and more words after it`,
    'end',
  )
  const lines = text.split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(56)
  expect(lines[0]).toBe('sell, 12:00')
  expect(lines.at(-1)).toBe('end')
  expect(text.replace(/\s/g, '')).toContain(signature)
  expect(hint('')).toBe('')
})
