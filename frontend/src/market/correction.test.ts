import { expect, it } from 'vitest'
import { CandleSeries } from './candle'
import { Corrections } from './correction'

const candle = (time: number, close: number, more = {}) => ({
  time,
  open: 1,
  high: 9,
  low: 1,
  close,
  volume: 1,
  quote_volume: 1,
  trades: 1,
  buy_volume: 1,
  is_final: true,
  update_type: 'final',
  update_count: 1,
  ...more,
})

it('knows of a correction when the series is read anew, and not of another one', () => {
  const corrections = new Corrections()
  const series = new CandleSeries()
  series.clear(corrections.of('A', 'm1'))
  series.merge([candle(60, 2), candle(120, 2)], 5)
  series.push(candle(60, 3, { update_type: 'correction' }), 6)
  series.clear(corrections.of('A', 'm5'))
  series.merge([candle(60, 3)], 7)
  expect(series.at(60)?.corrected).toBe(false)
  series.clear(corrections.of('A', 'm1'))
  series.merge([candle(60, 3), candle(120, 2)], 8)
  expect([series.at(60)?.corrected, series.at(120)?.corrected]).toEqual([true, false])
})

it('takes a closed candle that history tells otherwise for corrected, but not one whose time is now known', () => {
  const series = new CandleSeries()
  series.merge([candle(60, 2, { provisional: true }), candle(120, 2), candle(180, 2, { is_final: false })], 5)
  series.merge([candle(60, 2), candle(120, 4), candle(180, 5)], 9)
  expect(series.bars.map((bar) => bar.corrected)).toEqual([false, true, false])
})

it('forgets what was seen longest ago', () => {
  const corrections = new Corrections()
  const log = corrections.of('A', 'm1')
  for (let time = 0; time < 600; time++) log.add(time)
  expect([log.has(50), log.has(599)]).toEqual([false, true])
  for (let i = 0; i < 300; i++) corrections.of(`M${i}`, 'm1').add(1)
  expect([log.has(599), corrections.of('M299', 'm1').has(1)]).toEqual([false, true])
})
