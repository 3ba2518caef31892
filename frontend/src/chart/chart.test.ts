import { type BarPrice, TickMarkType, type UTCTimestamp } from 'lightweight-charts'
import { describe, expect, it } from 'vitest'
import type { Bar } from '../market/candle'
import { crossLabel, PriceAxis, tickLabel } from './axis'
import { toCandle, toLine, toVolume } from './bars'
import { toMarker } from './marks'
import { validLocale } from './locale'
import { type ChartTheme, readTheme } from './theme'

it.each([
  [['C'], 'en-GB'],
  [['C.UTF-8', 'de-DE'], 'de-DE'],
  [['', 'fr'], 'fr'],
  [[], 'en-GB'],
])('of %j the chart gets %s', (candidates, want) => {
  const locale = validLocale(candidates)
  expect(locale).toBe(want)
  expect(() => new Intl.NumberFormat(locale)).not.toThrow()
})

describe('axis', () => {
  const noon = (Date.UTC(2025, 7, 4, 12, 5, 7) / 1000) as UTCTimestamp

  it('labels time by what changes', () => {
    const labels = [
      TickMarkType.Year,
      TickMarkType.Month,
      TickMarkType.DayOfMonth,
      TickMarkType.Time,
      TickMarkType.TimeWithSeconds,
    ]
    expect(labels.map((type) => tickLabel(noon, type, 'utc'))).toEqual(['2025', 'Aug', '4 Aug', '12:05', '12:05:07'])
    expect(crossLabel(noon, 'utc', false)).toBe('2025-08-04 12:05:07')
    expect(crossLabel(noon, 'local', true)).toBe('2025-08-04')
  })

  it.each([2.8e-8, 3.1e-12, 0.02, 1, 250, 0])('scales to a price of %s', (price) => {
    const format = new PriceAxis().format(price)
    // The library divides the base by ten until it is one and throws when that does not come out.
    let base = format.base ?? 0
    while (base > 1) base /= 10
    expect(base).toBe(1)
    const labels = format.tickmarksFormatter?.([price || 1, (price || 1) * 1.001] as BarPrice[]) ?? []
    expect(new Set(labels).size).toBe(2)
  })

  it('has no prices below zero, and zero without its rounding error', () => {
    const labels = new PriceAxis().format(1e-7).tickmarksFormatter?.([-1e-7, 1.32e-22, 1e-7] as BarPrice[])
    expect(labels?.slice(0, 2)).toEqual(['', '0'])
  })

  it('counts the same zeros for all prices on it', () => {
    const axis = new PriceAxis()
    const format = axis.format(1e-7)
    const ticks = (values: number[]) => format.tickmarksFormatter?.(values as BarPrice[])
    expect(ticks([9.6e-8, 9.8e-8, 1e-7, 1.02e-7])).toEqual(['0.0(6)096', '0.0(6)098', '0.0(6)100', '0.0(6)102'])
    expect(axis.alone(9.81234e-8)).toBe('0.0(6)09812')
    expect(ticks([1e-9, 1e-8, 1e-7, 1e-6])).toEqual(['0.0(5)0001', '0.0(5)0010', '0.0(5)0100', '0.0(5)1000'])
    for (let power = -15; power < 4; power += 0.37) {
      for (const span of [0.0003, 0.02, 0.4, 3]) {
        const values = Array.from({ length: 9 }, (_, i) => 10 ** power * (1 + (i * span) / 8))
        const labels = new PriceAxis().format(values[0] ?? 1).tickmarksFormatter?.(values as BarPrice[]) ?? []
        expect(new Set(labels).size).toBe(9)
        expect(new Set(labels.map((label) => /\((\d+)\)/.exec(label)?.[1])).size).toBe(1)
      }
    }
  })
})

describe('bars', () => {
  const theme = { up: 'u', upOpen: 'uo', downOpen: 'do', upVolume: 'uv', downVolume: 'dv', caution: 'c' } as ChartTheme
  const bar = { time: 60, open: 1, high: 3, low: 1, close: 2, volume: 9, is_final: true, corrected: false } as Bar

  it('draws a closed candle in the colours of the series', () => {
    expect(toCandle(bar, theme)).toEqual({ time: 60, open: 1, high: 3, low: 1, close: 2 })
    expect(toLine(bar)).toEqual({ time: 60, value: 2 })
  })

  it('tells open and provisional candles apart', () => {
    expect(toCandle({ ...bar, is_final: false }, theme)).toMatchObject({ color: 'uo' })
    expect(toCandle({ ...bar, is_final: false, close: 0.5 }, theme)).toMatchObject({ color: 'do' })
    expect(toCandle({ ...bar, provisional: true }, theme)).toMatchObject({ borderColor: 'c', wickColor: 'c' })
  })

  it('colours volume by the candle', () => {
    expect(toVolume(bar, theme)).toEqual({ time: 60, value: 9, color: 'uv' })
    expect(toVolume({ ...bar, close: 0.5 }, theme).color).toBe('dv')
  })

  it('is what was paid, and of the side that took more, where that is wanted', () => {
    const sold = { ...bar, quote_volume: 4, buy_volume: bar.volume / 2 - 1 }
    expect(toVolume(sold, theme, true)).toEqual({ time: 60, value: 4, color: 'uv' })
    expect(toVolume(sold, theme, false, true)).toEqual({ time: 60, value: 9, color: 'dv' })
    expect(toVolume({ ...sold, buy_volume: bar.volume / 2 }, theme, false, true).color).toBe('uv')
  })
})

it('marks what happened above or below its candle', () => {
  const theme = { up: 'u', liquidation: 'l' } as ChartTheme
  const mark = { time: 60, count: 2, paid: 2, unknown: 0 }
  expect(toMarker('a', { ...mark, kind: 'liquidation', side: 'long' }, theme)).toMatchObject({
    time: 60,
    shape: 'square',
    position: 'belowBar',
    color: 'l',
  })
  expect(toMarker('b', { ...mark, kind: 'buy' }, theme)).toMatchObject({ shape: 'arrowUp', color: 'u' })
})

it('resolves the colours from the page', () => {
  document.documentElement.style.setProperty('--chart-up', '#123456')
  expect(readTheme(document.documentElement).up).toBe('#123456')
})
