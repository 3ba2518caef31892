import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Event, EventData, Mark } from '../api/client/index'
import { RestError } from '../api/rest'
import { fakeRest } from './fakes'
import { Marks } from './marks.svelte'

const mark = (time: number): Mark => ({ time, kind: 'liquidation', side: 'long', count: 1, volume: 1, quote_volume: 2 })
const liquidation = (seq: number, seconds: number) =>
  ({
    symbol: 'MINT',
    seq,
    event_data: {
      event_type: 'ForceLiquidate',
      signature: `s${seq}`,
      ordinal: 0,
      slot: seq,
      payer: 'p',
      timestamp: new Date(seconds * 1000).toISOString(),
    },
  }) as unknown as EventData

/** A history with one liquidation a minute, told in answers of ten minutes each. */
function history() {
  const paging = { total: 0, page: 1, limit: 1, has_next: false, has_prev: false }
  const events = vi.fn(async () => ({ ...paging, events: [] as Event[] }))
  const marks = vi.fn(
    async (_mint: string, interval: string, range: { from: number; to?: number; cursor?: string; large: number }) => {
      const top = range.cursor ? Number(range.cursor) : Math.min(range.to ?? Infinity, 6000)
      const end = Math.max(range.from, top - 600)
      const list = Array.from({ length: 101 }, (_, i) => i * 60).filter((time) => time > end && time <= top)
      if (end === range.from && end <= top) list.push(end)
      return {
        marks: list.map(mark),
        next_cursor: end > range.from ? String(end) : null,
        reached: end,
        interval,
        mint_account: 'MINT',
        seq: 10,
      }
    },
  )
  return { events, marks, of: new Marks(fakeRest({ events, marks })) }
}

beforeEach(() => {
  vi.useFakeTimers()
})

describe('Marks', () => {
  const settle = () => vi.advanceTimersByTimeAsync(300)
  const times = (of: Marks) => [...of.list].map(({ time }) => time).sort((a, b) => a - b)

  it('reach as far back as the bars do, whatever comes in bits', async () => {
    const { of, marks } = history()
    of.see('MINT', 'm1', 3000)
    await settle()
    expect(marks).not.toHaveBeenCalled()
    of.want(true)
    await settle()
    expect(times(of)).toEqual(Array.from({ length: 51 }, (_, i) => 3000 + i * 60))
    expect(of.from).toBe(-Infinity)
    // Older bars come in: only what is older is read.
    const asked = marks.mock.calls.length
    of.see('MINT', 'm1', 1200)
    await settle()
    expect(times(of)).toEqual(Array.from({ length: 81 }, (_, i) => 1200 + i * 60))
    expect(marks.mock.calls[asked]?.[2]).toMatchObject({ from: 1200, to: 2999 })
    of.see('MINT', 'm5', 1200)
    await settle()
    expect(marks.mock.calls.at(-1)?.[1]).toBe('m5')
    of.want(false)
    await settle()
    expect(of.list).toEqual([])
  })

  it('count what happens after the answer, and nothing twice', async () => {
    const { of } = history()
    of.see('MINT', 'm1', 5940)
    of.want(true)
    for (const seq of [9, 10, 11]) of.onEvent(liquidation(seq, 6061))
    await settle()
    of.onEvent(liquidation(11, 6061))
    of.onEvent(liquidation(12, 6061))
    of.onEvent({ ...liquidation(13, 6061), symbol: 'OTHER' })
    await settle()
    expect([...of.list].filter(({ time }) => time === 6060)).toEqual([
      { time: 6060, kind: 'liquidation', count: 2, paid: 0, unknown: 2 },
    ])
    expect(times(of)).toEqual([5940, 6000, 6060])
  })

  it('say where they begin while the rest cannot be read, and go on', async () => {
    const { of, marks } = history()
    marks.mockImplementationOnce(marks.getMockImplementation() as never)
    marks.mockImplementationOnce(marks.getMockImplementation() as never)
    marks.mockRejectedValueOnce(new RestError('the server does not answer', 0))
    of.see('MINT', 'm1', 0)
    of.want(true)
    await settle()
    expect(of.from).toBe(4800)
    of.see('MINT', 'm1', 0)
    await vi.advanceTimersByTimeAsync(6000)
    of.see('MINT', 'm1', 0)
    await settle()
    expect(of.from).toBe(-Infinity)
    expect(times(of)).toHaveLength(101)
  })
})
