import { describe, expect, it } from 'vitest'
import { type Bar, type Candle, CandleSeries } from './candle'
import { candle } from './fakes'

const times = (series: CandleSeries) => series.bars.map((bar) => bar.time)

describe('CandleSeries', () => {
  it('takes a page given newest first and live pushes after it', () => {
    const series = new CandleSeries()
    expect(series.merge([candle(120), candle(60)], 10, true)).toBe('rebuild')
    expect(times(series)).toEqual([60, 120])
    expect(series.hasOlder).toBe(true)
    expect(series.push(candle(120, 2), 11)).toBe('last')
    expect(series.push(candle(180, 3), 12)).toBe('append')
    expect(series.push(candle(60, 4), 13)).toBe('late')
    expect(series.bars.map((bar) => bar.close)).toEqual([4, 2, 3])
    expect(series.seq).toBe(13)
  })

  it('never lets an older commit win', () => {
    const series = new CandleSeries()
    series.push(candle(60, 5), 20)
    expect(series.merge([candle(60, 1)], 10, false)).toBe('none')
    expect(series.push(candle(60, 2), 19)).toBe('none')
    expect(series.last?.close).toBe(5)
  })

  it('says nothing of a repeated candle', () => {
    const series = new CandleSeries()
    series.merge([candle(60)], 10, false)
    expect(series.push(candle(60), 11)).toBe('none')
  })

  it('draws anew for a bucket that was missing in the middle', () => {
    const series = new CandleSeries()
    series.merge([candle(60), candle(180)], 10, false)
    expect(series.push(candle(120), 11)).toBe('rebuild')
    expect(times(series)).toEqual([60, 120, 180])
  })

  it('marks what the server says was corrected, in a page, in a push, or by the kind of the push alone', () => {
    const series = new CandleSeries()
    series.merge([candle(60), candle(120, 2, { corrected: true }), candle(180)], 10, false)
    expect(series.bars.map((bar) => bar.corrected)).toEqual([false, true, false])
    expect(series.push(candle(60, 7, { update_type: 'correction', corrected: true }), 11)).toBe('late')
    expect(series.push(candle(180, 7, { update_type: 'correction' }), 12)).toBe('last')
    expect(series.bars.map((bar) => bar.corrected)).toEqual([true, true, true])
    // The same figures, but the mark is news.
    series.merge([candle(0)], 13, false)
    expect(series.merge([candle(0, 1, { corrected: true })], 14)).toBe('late')
    series.merge([candle(60, 8, { corrected: true })], 15)
    expect(series.at(60)).toMatchObject({ close: 8, corrected: true })
  })

  it('takes a bucket that was emptied and filled again for a new one, as the server does', () => {
    const series = new CandleSeries()
    series.merge([candle(60), candle(120, 2, { corrected: true })], 10, false)
    series.push(candle(120, 1, { update_type: 'correction', corrected: true, trades: 0 }), 11)
    expect(series.push(candle(120, 3), 12)).toBe('append')
    expect(series.at(120)).toMatchObject({ close: 3, corrected: false })
  })

  it('drops a bucket that a rollback emptied, and does not take it back from an older page', () => {
    const series = new CandleSeries()
    series.merge([candle(60), candle(120)], 10, false)
    expect(series.push(candle(120, 1, { update_type: 'correction', trades: 0 }), 11)).toBe('rebuild')
    expect(times(series)).toEqual([60])
    expect(series.merge([candle(120)], 10)).toBe('none')
    expect(series.push(candle(120, 3), 12)).toBe('append')
    expect(times(series)).toEqual([60, 120])
  })

  it('prepends older pages and knows when there are no more', () => {
    const series = new CandleSeries()
    series.merge([candle(180), candle(120)], 10, true)
    expect(series.merge([candle(60)], 11, false)).toBe('rebuild')
    expect(times(series)).toEqual([60, 120, 180])
    expect(series.hasOlder).toBe(false)
  })

  it('does not take what changed since a commit for a page of history', () => {
    const series = new CandleSeries()
    series.merge([candle(60), candle(120)], 10, true)
    series.merge([], 12)
    series.merge([candle(120, 2)], 13)
    expect(series.hasOlder).toBe(true)
    expect(series.seq).toBe(13)
  })

  it('finds the bar and the one before it', () => {
    const series = new CandleSeries()
    series.merge([candle(60), candle(120)], 1, false)
    expect(series.at(90)).toBeUndefined()
    expect(series.before(120)?.time).toBe(60)
    expect(series.before(60)).toBeUndefined()
  })

  it('ends as the newest commit of each bucket says, in whatever order things arrive', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = generator(seed)
      const truth = new Map<number, { seq: number; candle: Candle | null }>()
      const messages: ((series: CandleSeries) => void)[] = []
      for (let seq = 1; seq <= 60; seq++) {
        const time = 60 * Math.floor(random() * 12)
        const gone = random() < 0.1
        const made = candle(time, random(), gone ? { update_type: 'correction', trades: 0 } : {})
        truth.set(time, { seq, candle: gone ? null : made })
        messages.push((series) => series.push(made, seq))
        if (random() < 0.15) {
          const page = [...truth.values()].flatMap((entry) => entry.candle ?? [])
          messages.push((series) => series.merge(page, seq, true))
        }
      }
      const series = new CandleSeries()
      for (const message of shuffleNear(messages, random)) message(series)
      const want = [...truth.values()].flatMap((entry) => entry.candle ?? []).sort((a, b) => a.time - b.time)
      expect(series.bars.map((bar) => [bar.time, bar.close])).toEqual(want.map((made) => [made.time, made.close]))
    }
  })

  it('tells the chart enough to draw the same bars', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = generator(seed)
      const series = new CandleSeries()
      const drawn = new Drawn()
      for (let seq = 1; seq <= 80; seq++) {
        const time = 60 * Math.floor(random() * 15)
        const kind = random()
        if (kind < 0.1)
          drawn.take(series.merge([candle(time, random()), candle(time + 60, random())], seq, true), series, time)
        else if (kind < 0.2)
          drawn.take(series.push(candle(time, 1, { update_type: 'correction', trades: 0 }), seq), series, time)
        else drawn.take(series.push(candle(time, random()), seq), series, time)
        expect(drawn.bars).toEqual(series.bars)
      }
    }
  })
})

/** A chart that believes the changes it is told. */
class Drawn {
  bars: Bar[] = []

  take(change: string, series: CandleSeries, time: number): void {
    if (change === 'none') return
    if (change === 'rebuild') {
      this.bars = series.bars
      return
    }
    // A page of two may have changed the newest bar only.
    const bar = change === 'last' || change === 'append' ? series.last : series.at(time)
    if (!bar) throw new Error(`no bar at ${time}`)
    const place = this.bars.findIndex((known) => known.time === bar.time)
    if (change === 'append') {
      expect(place).toBe(-1)
      this.bars.push(bar)
    } else {
      expect(place).toBeGreaterThanOrEqual(0)
      this.bars[place] = bar
    }
  }
}

function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Moves each message a few places at most. */
function shuffleNear<T>(list: T[], random: () => number): T[] {
  const keyed = list.map((item, place) => ({ item, key: place + random() * 6 }))
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
}
