import { expect, it } from 'vitest'
import { follow, newest, type Span } from './span'

it('begins with the newest bars', () => {
  expect(newest(10)).toEqual({ from: 0, to: 10 })
  expect(newest(100_000)).toEqual({ from: 97_000, to: 100_000 })
})

it('leaves a short series alone', () => {
  expect(follow({ from: 0, to: 500 }, { from: 0, to: 500 }, 500)).toBeNull()
})

it('holds what is in sight with room on both sides, wherever the person goes', () => {
  const total = 100_000
  let held: Span = newest(total)
  let asked = 0
  const go = (from: number, to: number) => {
    const sight = { from: Math.max(0, from), to: Math.min(total, to) }
    const wanted = follow(held, sight, total)
    if (wanted) asked++
    held = wanted ?? held
    expect(held.from === 0 || sight.from - held.from >= 400).toBe(true)
    expect(held.to === total || held.to - sight.to >= 400).toBe(true)
    expect(held.to - held.from).toBeLessThan(30_000)
  }
  for (let from = total - 100; from > -50; from -= 37) go(from, from + 100)
  for (let from = 0; from < total; from += 41) go(from, from + 100)
  // Far fewer times than it moved.
  expect(asked).toBeLessThan(400)
  go(40_000, 42_000)
  go(40_000, 40_100)
  expect(held.to - held.from).toBeLessThan(12_000)
})
