import { expect, it } from 'vitest'
import type { Bar } from '../market/candle'
import { Compared } from './compared'

const bar = (time: number, close: number) => ({ time, close, high: close, low: close }) as Bar

it('says, at each bar, the newest close of the other coin, whole or push by push', () => {
  let seed = 5
  const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647
  const times = Array.from({ length: 300 }, (_, i) => i * 60)
  const own = times.filter(() => random() < 0.6).map((time) => bar(time, random()))
  const other = times.filter((time) => time > 1200 && random() < 0.3).map((time) => bar(time, random()))
  const naive = (bars: Bar[]) => own.map(({ time }) => bars.filter((one) => one.time <= time).at(-1)?.close ?? NaN)

  const whole = new Compared(() => undefined)
  whole.rebuild(other, true)
  whole.fill(own, 0)
  expect(whole.lines[0]).toEqual(naive(other))
  expect(whole.lines[0]?.filter(Number.isNaN).length).toBeGreaterThan(0)

  // What it says it has to say anew is enough.
  const live: Compared = new Compared((time) => {
    const next = own.findIndex((one) => one.time > time)
    live.fill(own, time === -Infinity ? 0 : Math.max(0, (next < 0 ? own.length : next) - 1))
  })
  live.rebuild(other.slice(0, 20), true)
  for (const one of other.slice(20)) {
    live.update({ ...one, close: 9 })
    live.update(one)
  }
  expect(live.lines).toEqual(whole.lines)
})
