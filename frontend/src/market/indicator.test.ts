import { describe, expect, it } from 'vitest'
import {
  bollingerBand,
  exponentialAverage,
  type Indicator,
  indicatorDefaults,
  lengthsOf,
  movingAverage,
  INDICATORS,
  indicatorKind,
  indicatorNames,
} from './indicator'
import { DAY, volumeWeightedPrice, WEEK } from './study/vwap'

const bar = (time: number, close: number, volume = 1, quote = close * volume) => ({
  time,
  close,
  high: close,
  low: close,
  volume,
  quote_volume: quote,
  buy_volume: volume,
})
const rising = [1, 2, 3, 4, 5].map((close, i) => bar(i * 60, close))
const filled = (indicator: Indicator, bars: typeof rising) => {
  indicator.fill(bars, 0)
  return indicator.lines[0]
}

describe('indicators', () => {
  it('average the last closes, once there are enough', () => {
    expect(filled(movingAverage(3), rising)).toEqual([NaN, NaN, 2, 3, 4])
    expect(filled(movingAverage(9), rising)).toEqual([NaN, NaN, NaN, NaN, NaN])
    expect(filled(movingAverage(3), [])).toEqual([])
  })

  it('average over several lengths at once, each as it would alone', () => {
    for (const [name, alone] of [
      ['ma', movingAverage],
      ['ema', exponentialAverage],
    ] as const) {
      const several = indicatorKind(name).make?.(2, 3, 5)
      several?.fill(rising, 0)
      expect(several?.lines).toEqual([2, 3, 5].map((length) => filled(alone(length), rising)))
    }
    expect(lengthsOf({ ...indicatorDefaults(), maMore: [50, 200] }, 'ma')).toEqual([20, 50, 200])
    expect(lengthsOf({ ...indicatorDefaults(), maMore: [50, 200] }, 'vwap')).toEqual([])
  })

  it('average exponentially from a plain mean on', () => {
    const bars = [2, 4, 9, 3].map((close, i) => bar(i, close))
    expect(filled(exponentialAverage(2), bars)).toEqual([NaN, 3, 7, expect.closeTo(13 / 3, 12)])
  })

  it('weigh by volume and begin anew each UTC day', () => {
    const bars = [bar(86_340, 9, 1, 10), bar(86_400, 9, 2, 4), bar(86_460, 9, 2, 8), bar(86_520, 9, 0, 0)]
    expect(filled(volumeWeightedPrice(), bars)).toEqual([10, 2, 3, 3])
    expect(filled(volumeWeightedPrice(), [bar(0, 1, 0, 0)])).toEqual([NaN])
  })

  it('weigh by volume since Monday, or from one candle on', () => {
    const random = (i: number) => ((i * 7919) % 97) / 97
    // Four hours each, over three weeks; the first began on a Thursday.
    const bars = Array.from({ length: 130 }, (_, i) => bar(i * 14_400, 1 + random(i), 1 + random(i + 5)))
    const naive = (counts: (time: number, of: number) => boolean) =>
      bars.map(({ time: of }) => {
        const counted = bars.filter(({ time }) => time <= of && counts(time, of))
        const sum = (what: 'quote_volume' | 'volume') => counted.reduce((all, one) => all + one[what], 0)
        return counted.length > 0 ? expect.closeTo(sum('quote_volume') / sum('volume'), 12) : NaN
      })
    const weekOf = (time: number) => Math.floor((time / DAY + 3) / 7)
    expect(filled(volumeWeightedPrice(WEEK), bars)).toEqual(naive((time, of) => weekOf(time) === weekOf(of)))
    expect([weekOf(DAY * 3.9), weekOf(DAY * 4), new Date(DAY * 4000).getUTCDay()]).toEqual([0, 1, 1])

    const from = bars[40]?.time ?? NaN
    expect(filled(volumeWeightedPrice(DAY, from), bars)).toEqual(naive((time) => time >= from))
    // What began before the first candle that is there is not known.
    expect(filled(volumeWeightedPrice(DAY, from), bars.slice(41))).toEqual(Array(89).fill(NaN))
  })

  it('span two deviations of the closes to each side of their mean', () => {
    const band = bollingerBand(4)
    const bars = [2, 4, 4, 6, 4].map((close, i) => bar(i, close))
    band.fill(bars, 0)
    const away = 2 * Math.sqrt(2)
    expect(band.lines).toEqual([
      [NaN, NaN, NaN, expect.closeTo(4 + away, 12), expect.closeTo(4.5 + 2 * Math.sqrt(0.75), 12)],
      [NaN, NaN, NaN, 4, 4.5],
      [NaN, NaN, NaN, expect.closeTo(4 - away, 12), expect.closeTo(4.5 - 2 * Math.sqrt(0.75), 12)],
    ])
    expect(INDICATORS.bollinger.lines).toHaveLength(band.lines.length)
  })

  it('give the same whether computed at once or push by push', () => {
    let seed = 7
    const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647
    const bars: typeof rising = []
    const makers = indicatorNames.flatMap((name) => {
      const { make } = indicatorKind(name)
      return make ? [() => make(20, 7)] : []
    })
    const live = makers.map((make) => make())
    for (let i = 0; i < 400; i++) {
      const close = 2.8e-8 * (0.5 + random())
      const dice = random()
      let from = bars.length
      if (dice < 0.4 && bars.length > 0) {
        // The newest bar moves on, or a late trade changes one before it.
        from = dice < 0.3 ? bars.length - 1 : Math.floor(random() * bars.length)
        bars[from] = bar(bars[from]?.time ?? 0, close, random())
      } else {
        bars.push(bar(i * 900, close, random()))
      }
      for (const indicator of live) indicator.fill(bars, from)
    }
    makers.forEach((make, i) => {
      const whole = make()
      whole.fill(bars, 0)
      expect(live[i]?.lines).toEqual(whole.lines)
    })
  })
})
