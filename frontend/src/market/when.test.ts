import { describe, expect, it } from 'vitest'
import { readWhen, WHEN_HINT } from './when'

const at = (text: string) => Date.parse(text) / 1000
const NOW = at('2026-11-30T12:00:00Z')
const utc = (text: string) => readWhen(text, 'utc', NOW)

describe('times as people write them', () => {
  it('stand for all of a year, a month, a day, a minute', () => {
    expect(utc('2026')).toEqual({ from: at('2026-01-01T00:00:00Z'), to: at('2026-12-31T23:59:59Z') })
    expect(utc('2026-12')).toEqual({ from: at('2026-12-01T00:00:00Z'), to: at('2026-12-31T23:59:59Z') })
    expect(utc(' 2024-02-29 ')).toEqual({ from: at('2024-02-29T00:00:00Z'), to: at('2024-02-29T23:59:59Z') })
    expect(utc('2026-11-01 12:30')).toEqual({ from: at('2026-11-01T12:30:00Z'), to: at('2026-11-01T12:30:59Z') })
    expect(utc('2026-11-01T12:30:05')).toEqual({ from: at('2026-11-01T12:30:05Z'), to: at('2026-11-01T12:30:05Z') })
  })

  it('are of the window’s zone, unless they say another', () => {
    const local = new Date(2026, 10, 1).getTime() / 1000
    expect(readWhen('2026-11-01', 'local', NOW)).toEqual({ from: local, to: local + 86_399 })
    for (const zone of ['utc', 'local'] as const)
      expect(readWhen('2026-11-01T12:00:00+01:30', zone, NOW)).toEqual({
        from: at('2026-11-01T10:30:00Z'),
        to: at('2026-11-01T10:30:00Z'),
      })
    expect(readWhen('2026-11-01 12:00:00Z', 'local', NOW)).toMatchObject({ from: at('2026-11-01T12:00:00Z') })
  })

  it('may be ages and Unix seconds', () => {
    expect(utc('7d')).toEqual({ from: NOW - 7 * 86_400, to: NOW - 7 * 86_400 })
    expect(utc('1.5h')).toMatchObject({ from: NOW - 5400 })
    expect(utc('90 min')).toMatchObject({ from: NOW - 5400 })
    expect(utc('1760054400')).toEqual({ from: 1_760_054_400, to: 1_760_054_400 })
  })

  it('say what is wrong', () => {
    for (const text of ['', 'yesterday', '1.11.2026', '20261101', '2026-1-1', '7', '-7d'])
      expect(utc(text)).toBe(WHEN_HINT)
    expect(utc('2026-02-29')).toBe('there is no 2026-02-29')
    expect(utc('2026-13')).toBe('there is no 2026-13')
    expect(utc('2026-11-01 24:00')).toBe('there is no 2026-11-01 24:00')
    expect(utc('1760054400123')).toBe('1760054400123 looks like milliseconds: write seconds, 1760054400')
  })
})
