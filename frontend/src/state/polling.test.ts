import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { readEvery } from './polling'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('reads at once and again until it is stopped, and gives up what is still being read then', () => {
  const signals: AbortSignal[] = []
  const stop = readEvery(1000, async (signal) => void signals.push(signal))
  expect(signals).toHaveLength(1)
  vi.advanceTimersByTime(2500)
  expect(signals).toHaveLength(3)
  expect(signals.some(({ aborted }) => aborted)).toBe(false)

  stop()
  vi.advanceTimersByTime(5000)
  expect(signals).toHaveLength(3)
  expect(signals.every(({ aborted }) => aborted)).toBe(true)
})
