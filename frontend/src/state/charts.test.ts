import { beforeEach, expect, it, vi } from 'vitest'
import type { ChartControls, ChartState } from './chart.svelte'
import { Charts } from './charts.svelte'
import { candle, fakeRest, klines, QuietStream } from './fakes'
import { Prefs } from './prefs.svelte'

let stored: Map<string, string>
let stream: QuietStream
let charts: Charts
let prefs: Prefs

const ask = vi.fn(async () => klines([candle(60)], 7))

function window(): Charts {
  prefs = new Prefs({
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, text) => void stored.set(key, text),
  })
  stream = new QuietStream()
  const rest = fakeRest({ klines: ask, gaps: async () => ({ gaps: [], total: 0 }) as never })
  return new Charts(prefs, rest, () => stream)
}

const shown = () => charts.shown.map(({ mint, interval }) => `${mint} ${interval}`)
const settle = () => vi.advanceTimersByTimeAsync(300)

beforeEach(() => {
  vi.useFakeTimers()
  stored = new Map()
  charts = window()
})

it('shows one chart, and asks for its candles and events', async () => {
  charts.choose({ mint: 'A' })
  await settle()
  expect(shown()).toEqual(['A m1'])
  expect(stream.wanted).toEqual(['+events A', '+kline A m1 7'])
  expect(charts.focused.market.phase).toBe('ready')
})

it('fills the places of a layout with the same token at other intervals', async () => {
  charts.choose({ mint: 'A', interval: 'm5' })
  charts.arrange('four')
  await settle()
  expect(shown()).toEqual(['A m5', 'A m1', 'A m15', 'A h1'])
  expect(charts.shown.map((chart) => chart.market.phase)).toEqual(['ready', 'ready', 'ready', 'ready'])
  expect(charts.focus).toBe(0)
})

it('changes the chart that has the focus, and no other', async () => {
  charts.choose({ mint: 'A' })
  charts.arrange('columns')
  charts.step(1)
  charts.choose({ mint: 'B' })
  await settle()
  expect(shown()).toEqual(['A m1', 'B m5'])
  expect(charts.mints).toEqual(['B', 'A'])
  charts.step(1)
  expect(charts.focused.mint).toBe('A')
  charts.step(-1)
  expect(charts.focused.mint).toBe('B')
})

it('shows what the preferences say by then, and closes what has no place', async () => {
  charts.choose({ mint: 'A' })
  charts.arrange('columns')
  await settle()
  stream.wanted = []
  prefs.setAll({ layout: 'one', focus: 0, lastPlace: 0, charts: [{ mint: 'B', interval: 'h1' }] })
  charts.restore()
  charts.open()
  await settle()
  expect(shown()).toEqual(['B h1'])
  expect(charts.focused.market.phase).toBe('ready')
  expect(stream.wanted.sort()).toEqual([
    '+events B',
    '+kline B h1 7',
    '-events A',
    '-events A',
    '-kline A m1',
    '-kline A m5',
  ])
})

it('keeps the focused chart when places go, and closes the others', async () => {
  charts.choose({ mint: 'A' })
  charts.arrange('four')
  const last = charts.shown[3]
  if (!last) throw new Error('four charts')
  charts.point(last)
  charts.choose({ mint: 'D', interval: 'h4' })
  await settle()
  stream.wanted = []
  charts.arrange('one')
  await settle()
  expect(charts.focused).toBe(last)
  expect(shown()).toEqual(['D h4'])
  expect(stream.wanted.filter((what) => what.startsWith('-')).sort()).toEqual(
    ['A m1', 'A m5', 'A m15']
      .map((topic) => `-kline ${topic}`)
      .concat(['-events A', '-events A', '-events A'])
      .sort(),
  )
  expect(stream.wanted.filter((what) => what.startsWith('+'))).toEqual([])
})

it('keeps the order of the charts, whatever layouts come between', async () => {
  charts.choose({ mint: 'A' })
  charts.arrange('four')
  await settle()
  const order = charts.shown
  for (const [place, chart] of order.entries()) {
    charts.point(chart)
    charts.arrange('one')
    expect(charts.shown).toEqual([chart])
    charts.arrange('columns')
    expect(charts.shown).toEqual(place === 0 ? order.slice(0, 2) : [order[0], chart])
    charts.step(1)
    charts.step(1)
    expect(charts.focused).toBe(chart)
    charts.arrange('four')
    await settle()
    expect(charts.shown).toEqual(order)
    expect(charts.focused).toBe(chart)
  }
})

it('remembers charts, layout and focus', async () => {
  charts.choose({ mint: 'A' })
  charts.arrange('rows')
  charts.step(1)
  charts.choose({ mint: 'B', interval: 'd1' })
  charts = window()
  expect(shown()).toEqual(['A m1', 'B d1'])
  expect(charts.focused.mint).toBe('B')
  stored.set('spinscope.prefs', JSON.stringify({ layout: 'one', focus: 3, charts: [{ mint: 'A', interval: 'm1' }] }))
  charts = window()
  expect(charts.focused.mint).toBe('A')
})

it('compares a chart with a coin, live, and remembers which', async () => {
  charts.choose({ mint: 'A' })
  charts.arrange('columns')
  charts.compare('B')
  await settle()
  const { focused } = charts
  await focused.other.open(focused.compare, focused.interval)
  expect(stream.wanted.at(-1)).toBe('+kline B m1 7')
  const data = { symbol: 'B', interval: 'm1', data: candle(120, 9), seq: 8, slot: 1, block_time: 1 }
  focused.onKline(data as never)
  await settle()
  expect([focused.other.last?.time, focused.market.last?.time]).toEqual([120, 60])

  expect(window().shown.map(({ compare }) => compare)).toEqual(['B', ''])
  focused.close()
  expect(focused.other.phase).toBe('idle')
})

it('leaves alone the pushes of another that are not asked for yet', async () => {
  charts.choose({ mint: 'A' })
  await settle()
  const { other } = charts.focused
  void other.open('A', 'm1')
  other.close()
  await settle()
  expect(stream.wanted.filter((one) => one.startsWith('-'))).toEqual([])
})

it('hands a push to the charts it is about', async () => {
  charts.choose({ mint: 'A' })
  charts.arrange('columns')
  await settle()
  const data = { symbol: 'A', interval: 'm5', data: candle(300, 9), seq: 8, slot: 1, block_time: 1 }
  for (const chart of charts.shown) chart.onKline(data as never)
  await settle()
  expect(charts.shown.map((chart) => chart.market.last?.time)).toEqual([60, 300])
})

it('shows one coin in all charts while they are linked to it, and lets each have its own again', async () => {
  charts.choose({ mint: 'A' })
  charts.arrange('columns')
  charts.step(1)
  charts.choose({ mint: 'B' })
  charts.linkCoin(true)
  expect(shown()).toEqual(['B m1', 'B m5'])
  charts.choose({ mint: 'C', interval: 'm15' })
  expect(shown()).toEqual(['C m1', 'C m15'])

  charts.arrange('four')
  expect(charts.shown.map(({ mint }) => mint)).toEqual(['C', 'C', 'C', 'C'])
  charts = window() // as after a restart
  expect(charts.shown.map(({ mint }) => mint)).toEqual(['C', 'C', 'C', 'C'])

  charts.linkCoin(false)
  charts.choose({ mint: 'D' })
  expect(charts.shown.map(({ mint }) => mint).sort()).toEqual(['C', 'C', 'C', 'D'])
})

it('shows in linked charts the time that the focused one has in sight, and follows no other', async () => {
  charts.choose({ mint: 'A' })
  charts.arrange('columns')
  const [first, second] = charts.shown as [ChartState, ChartState]
  const show = vi.fn(() => true)
  first.controls = { range: { from: 600, to: 1200 } } as ChartControls
  second.controls = { show, range: { from: 0, to: 300 } } as unknown as ChartControls
  charts.lead(first)
  await settle()
  expect(show).not.toHaveBeenCalled()

  charts.linkTime(true)
  charts.lead(first)
  await settle()
  expect(show.mock.calls).toEqual([[600, 1200]]) // once a frame

  charts.lead(second)
  await settle()
  expect(show).toHaveBeenCalledTimes(1)
})
