import { expect, it } from 'vitest'
import { follow, newest, type Span, stray } from './span'

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

it('lets nobody be lost beyond the first bar or the last, and leaves everybody else alone', () => {
  for (const total of [0, 1, 2, 49, 50, 51, 100, 5000]) {
    for (const room of [1, 10, 100, 1750]) {
      for (let from = -2 * room; from < total + room; from += (total + 3 * room) / 64) {
        const to = from + room
        const moved = stray({ from, to }, total)
        const filled = (by: number) => Math.min(to + by, total) - Math.max(from + by, 0)
        const enough = Math.min(total, room / 2)
        expect(filled(moved)).toBeGreaterThanOrEqual(enough - 1e-9)
        if (filled(0) >= enough) expect(moved).toBe(0)
        // No further than it must.
        else expect(filled(moved)).toBeCloseTo(enough, 9)
      }
    }
  }
})
