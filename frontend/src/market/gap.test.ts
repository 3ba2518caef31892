import { describe, expect, it } from 'vitest'
import { gapSpan, SlotClock } from './gap'

const bars = [60, 120, 240, 300].map((time) => ({ time }))

describe('the place of a gap', () => {
  it.each([
    ['inside one bar', 130, 140, { left: 0.5, right: 1.5 }],
    ['over two bars', 100, 130, { left: -0.5, right: 1.5 }],
    ['where no bar is', 190, 230, { left: 1.5, right: 1.5 }],
    ['after the last', 400, 500, { left: 3.5, right: 3.5 }],
    ['before all', 0, 50, { left: -0.5, right: -0.5 }],
    ['from the beginning', -Infinity, 50, { left: -Infinity, right: -0.5 }],
    ['over everything', -Infinity, 1e9, { left: -Infinity, right: 3.5 }],
  ])('%s', (_, from, to, want) => expect(gapSpan(bars, 60, { from, to }, false)).toEqual(want))

  it('is unknown before the oldest bar while there are older ones', () => {
    expect(gapSpan(bars, 60, { from: 0, to: 50 }, true)).toBeNull()
    expect(gapSpan(bars, 60, { from: -Infinity, to: 130 }, true)).toEqual({ left: -0.5, right: 1.5 })
    expect(gapSpan([], 60, { from: 0, to: 50 }, false)).toBeNull()
    expect(gapSpan(bars, 60, { from: NaN, to: NaN }, false)).toBeNull()
  })
})

describe('SlotClock', () => {
  it('knows nothing at first and reckons from one slot', () => {
    const clock = new SlotClock()
    expect(clock.time(5)).toBeNaN()
    clock.observe(1000, 5000)
    expect(clock.time(1000)).toBe(5000)
    expect(clock.time(1010)).toBeCloseTo(5004)
    expect(clock.time(990)).toBeCloseTo(4996)
  })

  it('goes in proportion between slots and at their pace beyond', () => {
    const clock = new SlotClock()
    clock.observe(3000, 6000)
    clock.observe(1000, 5000)
    expect(clock.time(2000)).toBeCloseTo(5500)
    expect(clock.time(5000)).toBeCloseTo(7000)
    clock.observe(NaN, 1)
    clock.observe(0, 1)
    expect(clock.time(2000)).toBeCloseTo(5500)
  })

  it('keeps its memory bounded and still agrees with what it saw', () => {
    const clock = new SlotClock()
    for (let slot = 100; slot <= 1e6; slot += 60) clock.observe(slot, slot / 2)
    expect(clock.time(123_456)).toBeCloseTo(61_728)
    expect(clock.time(100)).toBe(50)
    expect(clock.time(2e6)).toBeCloseTo(1e6)
  })
})
