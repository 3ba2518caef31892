import { fireEvent, render, screen } from '@testing-library/svelte'
import { readdirSync, readFileSync } from 'node:fs'
import { tick } from 'svelte'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ErrorCode, RequestError, type WatchedCoin } from '../api/client/index'
import { RestError } from '../api/rest'
import type { Detail, KlineStatus, Mints, Status, Ticker, Venue } from '../api/client/index'
import type { Bar } from '../market/candle'
import type { Trade } from '../market/trade'
import { loadedFrom } from '../native'
import { Exporting } from '../state/exporting.svelte'
import { Frames } from '../state/frames.svelte'
import { Prefs } from '../state/prefs.svelte'
import { pushesTo } from '../state/pushes'
import { candle, klines, QuietStream } from '../state/fakes'
import { WindowState } from '../state/window.svelte'
import { Workspace } from '../state/workspace.svelte'
import { commandFor, commands, keyLabel } from './shell/commands'
import { exportName } from './chart/export'
import { snippet } from './connect/snippets'
import { setFilter } from './tokens/list'
import Host from './Host.test.svelte'

vi.mock('../api/stream', async (original) => {
  const real = await original<typeof import('../api/stream')>()
  return {
    ...real,
    Stream: class extends real.Stream {
      override open() {
        return undefined
      }
    },
  }
})

// The canvas of the chart is not what is looked at here.
vi.mock('../chart/price-chart', () => ({
  PriceChart: vi.fn(function () {
    return new Proxy({}, { get: () => () => undefined })
  }),
}))

const status = {
  connection_status: 'connected',
  cluster: 'demo',
  endpoint: 'ws://127.0.0.1:4000',
  slot: 312004117,
  lag_slots: 0,
  chain_time: 1000,
  total_events_processed: 5,
  last_error: '',
  backfill: { running: false, done: 0, total: 0, eta_seconds: 0 },
} as Status

const details = ['OAK', 'FOX', 'KITE'].map(
  (symbol) =>
    ({ mint_account: symbol.repeat(5), symbol, name: `${symbol} token`, price_exact: '0.00000002795' }) as Detail,
)

let workspace: Workspace
let view: WindowState

beforeEach(() => {
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => 0, removeEventListener: () => 0 }))
  workspace = new Workspace(new Prefs(null))
  view = new WindowState()
  Object.assign(workspace.connection.rest, {
    status: async () => status,
    klineStatus: async () => ({ stats: { gaps_open: 0, active_connections: 3 } }) as KlineStatus,
    mints: async () => ({ mints: details.map((one) => one.mint_account), next_cursor: null }) as unknown as Mints,
    details: async () => details,
    ranking: async (sort: string) =>
      (sort === 'change_asc' ? details.slice(1) : details).map(({ mint_account: mint }) => ({ mint }) as Ticker),
    tickers: async () => [],
    klines: async () => klines([candle(60)], 1),
    events: async () => ({ events: [] }),
    orders: async () => ({ orders: [], total: 0 }),
    gaps: async () => ({ gaps: [], total: 0 }),
  })
})

const show = (part: string, given: Record<string, unknown> = {}) => render(Host, { workspace, view, part, given })
const text = (id: string) => screen.getByTestId(id).textContent?.trim().replace(/\s+/g, ' ')

describe('The node in the health panel', () => {
  it('says its role, what it lacks, who writes and the bus', async () => {
    const node = {
      name: 'two',
      role: 'standby',
      trouble: '',
      lag: { commits: 0, seconds: 0 },
      lease: { owner: 'one', age_seconds: 0.84 },
      bus: { server: 'nats-2', connected: true },
    }
    const { rerender } = show('HealthNode', { node })
    expect(text('health-node')).toBe('Node two, stands by Behind none Writes now one, seen 0.8 s ago Bus nats-2')
    const lost = {
      ...node,
      trouble: 'the bus is not reached: what is served may be old',
      lag: { commits: 12, seconds: 31.2 },
      lease: { owner: '', age_seconds: null },
      bus: { server: '', connected: false },
    }
    await rerender({ given: { node: lost } })
    expect(text('health-node')).toBe(
      'Node two, stands by Behind 12 commits, 31 s Writes now nobody Bus not reached Trouble the bus is not reached: what is served may be old',
    )
  })
})

describe('Legend', () => {
  const bar: Bar = {
    ...candle(60, 2.795899e-8, { open: 2.7e-8, high: 3e-8, low: 2.5e-8, is_final: false }),
    corrected: false,
  }

  it('shows rounded prices and keeps exact ones', () => {
    show('Legend', { bar, interval: 'm1', zone: 'utc', hovered: false })
    expect(text('legend-close')).toBe('0.0(7)279590')
    expect(screen.getByTestId('legend-close').dataset['value']).toBe('2.795899e-8')
    expect(screen.getByTestId('legend-close').title).toBe('0.00000002795899 SOL')
    expect(text('legend-time')).toBe('1970-01-01 00:01:00')
  })

  it('says of a candle that it is open, provisional, corrected', async () => {
    const { rerender } = show('Legend', {
      bar: { ...bar, provisional: true },
      interval: 'm1',
      zone: 'utc',
      hovered: false,
    })
    expect(text('legend-state')).toBe('closing')
    expect(screen.getByTestId('legend-provisional')).toBeTruthy()
    const closed = { ...bar, is_final: true, corrected: true }
    await rerender({ given: { bar: closed, interval: 'm1', zone: 'utc', hovered: false } })
    expect(screen.queryByTestId('legend-state')).toBeNull()
    expect(screen.getByTestId('legend-corrected')).toBeTruthy()
  })
})

describe('StatusBar', () => {
  it('says how the connection, the chain and the store stand', async () => {
    workspace.connection.address = 'http://127.0.0.1:5051'
    workspace.connection.link = 'connected'
    await workspace.health.poll()
    show('StatusBar')
    expect(text('status')).toBe('Live')
    expect(text('cluster')).toBe('demo (simulated)')
    expect(text('slot')).toBe('312 004 117')
    expect(text('clients')).toBe('3')
    expect(text('address')).toBe('127.0.0.1:5051')
    workspace.connection.link = 'offline'
    await tick()
    expect(screen.getByTestId('status').dataset['state']).toBe('offline')
  })

  it('has a word about a newer version, and opens its page when asked to', async () => {
    await workspace.health.poll()
    const { rerender } = show('StatusBar')
    expect(screen.queryByTestId('newer')).toBeNull()
    const opened = vi.spyOn(window, 'open').mockReturnValue(null)
    const newer = { version: '0.2.0', running: '0.1.0', page: 'https://x.example/0.2.0' }
    workspace.connection.rest.status = async () => ({ ...status, newer })
    await workspace.health.poll()
    await tick()
    expect(text('newer')).toBe('0.2.0 is available')
    expect(opened).not.toHaveBeenCalled()
    await fireEvent.click(screen.getByTestId('newer'))
    expect(opened).toHaveBeenCalledExactlyOnceWith(newer.page, '_blank', 'noopener,noreferrer')
    await rerender({ part: 'About' })
    expect(text('about-newer')).toBe('0.1.0; 0.2.0 is available')
  })

  it('copies the address and says so', async () => {
    workspace.connection.address = 'http://127.0.0.1:5051'
    const write = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue()
    show('StatusBar')
    await fireEvent.click(screen.getByTestId('copy-address'))
    expect(write).toHaveBeenCalledWith('http://127.0.0.1:5051')
    await vi.waitFor(() => expect(workspace.toasts.list[0]?.text).toBe('Server address copied'))
  })
})

describe('Settings', () => {
  it('show no token in a message when it cannot be copied', async () => {
    const form = { values: { 'solana.cluster': 'demo', 'server.token': 'sesame-sesame' }, fallback: [] }
    const stored = { form, fixed: {}, file: '', revision: 'r', problem: '', stored: [] }
    const bindings = { Settings: async () => stored, StopTests: async () => undefined }
    vi.spyOn(navigator.clipboard, 'writeText').mockRejectedValue(new Error('no'))
    show('Settings', { bindings })
    await fireEvent.click(await screen.findByTestId('copy-token'))
    await vi.waitFor(() => expect(workspace.toasts.list).toHaveLength(1))
    expect(workspace.toasts.list[0]?.text).toBe('The browser did not let the page copy the token')
  })
})

describe('Layers', () => {
  it('are chosen, remembered, and an average has the span the person gives', async () => {
    show('Layers')
    await fireEvent.click(screen.getByTestId('layer-ma'))
    await fireEvent.click(screen.getByTestId('layer-vwap'))
    const span = screen.getByTestId('layer-maPeriod')
    await fireEvent.change(span, { target: { value: '7' } })
    expect(workspace.prefs.values).toMatchObject({ ma: true, maPeriod: 7, ema: false, vwap: true })
    for (const wrong of ['1', '501', '2.5', '']) {
      await fireEvent.change(span, { target: { value: wrong } })
      expect(workspace.prefs.values.maPeriod).toBe(7)
      expect((span as HTMLInputElement).value).toBe('7')
    }
  })

  it('are of several lengths where that is of use, and refuse what is none', async () => {
    show('Layers')
    const field = screen.getByTestId<HTMLInputElement>('layer-maPeriod')
    await fireEvent.change(field, { target: { value: '9 50, 9;200' } })
    expect(workspace.prefs.values).toMatchObject({ maPeriod: 9, maMore: [50, 200] })
    expect(field.value).toBe('9, 50, 200')
    for (const wrong of ['1, 2, 3', '5, 6, 7, 8, 9', 'x', ', ']) {
      await fireEvent.change(field, { target: { value: wrong } })
      expect([workspace.prefs.values.maMore, field.value]).toEqual([[50, 200], '9, 50, 200'])
    }

    const single = screen.getByTestId<HTMLInputElement>('layer-rsiPeriod')
    await fireEvent.change(single, { target: { value: '9, 50' } })
    expect([workspace.prefs.values.rsiPeriod, single.value]).toEqual([14, '14'])
  })

  it('say each length in the legend', () => {
    workspace.prefs.set('maMore', [50])
    const bar: Bar = { ...candle(60), corrected: false }
    show('Legend', { bar, interval: 'm1', zone: 'utc', hovered: false, studies: { ma: [2.795899e-8, NaN] } })
    expect(text('legend')).toContain('MA 20/50')
    expect([text('legend-ma'), text('legend-ma-50')]).toEqual(['0.0(7)279590', '–'])
  })

  it('tell the keys that switch them, each another one', () => {
    show('Layers')
    const told = [...document.querySelectorAll('kbd')].map((key) => key.textContent)
    const keys = commands(workspace, view).flatMap((command) => command.keys.map(keyLabel))
    expect(told.filter((key) => !keys.includes(key))).toEqual([])
    expect(new Set(told).size).toBe(told.length)
    expect(told).toContain('Shift+B')
  })

  it('show their values in the legend', () => {
    const bar: Bar = { ...candle(60), corrected: false }
    show('Legend', { bar, interval: 'm1', zone: 'utc', hovered: false, studies: { ma: [2.795899e-8], ema: [NaN] } })
    expect(text('legend-ma')).toBe('0.0(7)279590')
    expect(screen.getByTestId('legend-ma').title).toBe('0.00000002795899 SOL')
    expect(text('legend-ema')).toBe('–')
  })
})

describe('exports', () => {
  const ended = { path: '/tmp/OAK.csv', rows: 12_345, bytes: 2 << 20, gaps: 0, stopped: false, error: '' }
  const began: unknown[] = []
  const stop = vi.fn()

  /** In the app: the shell writes the files. */
  function inApp(begin: () => Promise<string> = async () => '/tmp/OAK.csv'): void {
    began.length = 0
    const writer = { begin: (asked: unknown) => (began.push(asked), begin()), stop }
    Object.assign(workspace, { exporting: new Exporting(() => workspace.connection.rest, writer) })
  }

  async function press(id: string): Promise<void> {
    await fireEvent.click(screen.getByTestId(id))
  }

  it('are told in the status line, which opens the dialog', async () => {
    inApp()
    show('StatusBar')
    expect(screen.queryByTestId('export-state')).toBeNull()
    workspace.exporting.progress({ path: '/tmp/OAK.csv', rows: 12_000, part: 0.5, left: 0 })
    await tick()
    expect(text('export-state')).toBe('exporting 12 000 rows…')
    workspace.exporting.progress({ path: '/tmp/OAK.csv', rows: 12_100, part: 0.5, left: 41.7 })
    await tick()
    expect(text('export-state')).toBe('exporting 12 100 rows, 41s left')
    workspace.exporting.end(ended)
    await tick()
    expect(text('export-state')).toBe('exported 12 345 rows')
    expect(screen.getByTestId('export-state').title).toBe(
      'exported 12 345 rows\n/tmp/OAK.csv\nPress for the export (E)',
    )
    workspace.exporting.end({ ...ended, error: 'disk full' })
    await tick()
    expect(text('export-state')).toBe('export failed: disk full')
    workspace.exporting.end({ ...ended, stopped: true })
    await tick()
    expect(text('export-state')).toBe('export stopped')
    await press('export-state')
    expect(view.dialog).toBe('export')
  })

  it('are asked of the shell as they stand in the dialog, go on without it, and can be stopped', async () => {
    inApp()
    await workspace.navigation.loadTokens()
    const [oak, fox] = details.map((one) => one.mint_account)
    workspace.navigation.show(oak ?? '')
    show('Export')
    expect(document.activeElement).toBe(screen.getByTestId('export-begin'))
    await press('export-begin')
    expect(began.pop()).toEqual({
      kind: 'candles',
      format: 'csv',
      interval: workspace.chart.interval,
      mints: [oak],
      from: null,
      to: null,
      market_cap: false,
      name: `OAK-${workspace.chart.interval}.csv`,
    })

    workspace.exporting.progress({ path: '/tmp/OAK.csv', rows: 12_000, part: 0.5, left: 90 })
    await tick()
    expect(text('export-outcome')).toBe('12 000 rows, about 1m left /tmp/OAK.csv')
    expect(document.querySelector('progress')?.value).toBe(0.5)
    expect(screen.queryByTestId('export-begin')).toBeNull()
    await press('export-stop')
    expect(stop).toHaveBeenCalledOnce()
    workspace.exporting.end({ ...ended, rows: 0, stopped: true })
    await tick()
    expect(text('export-outcome')).toBe('Stopped. No file was written; one that was there before is as it was.')

    await press('export-kind-gaps')
    await press('export-which-chosen')
    expect(text('export-problem')).toBe('choose at least one token')
    expect(screen.getByTestId<HTMLButtonElement>('export-begin').disabled).toBe(true)
    const field = screen.getByTestId('export-symbol')
    for (const symbol of ['OAK', 'FOX']) {
      await fireEvent.input(field, { target: { value: symbol } })
      await fireEvent.keyDown(field, { key: 'Enter' })
    }
    const address = 'FQDvGgqjivrwUmsyEERgenvPwL6iEMtEMnvZ2kaN8T3Y'
    await fireEvent.input(field, { target: { value: address } })
    expect([screen.getAllByTestId('export-remove').length, (field as HTMLInputElement).value]).toEqual([3, ''])
    await fireEvent.click(screen.getAllByTestId('export-remove')[2] as HTMLElement)
    expect(screen.getAllByTestId('export-remove')).toHaveLength(2)
    await press('export-format-jsonl')
    await press('export-packing-gz')
    await press('export-begin')
    expect(began.pop()).toMatchObject({
      kind: 'gaps',
      mints: [oak, fox],
      format: 'jsonl',
      name: '2-tokens-gaps.jsonl.gz',
    })
    workspace.exporting.end({ ...ended, rows: 0, gaps: 2 })
    await tick()
    expect(text('export-outcome')).toContain('0 rows, 2.0 MB, are in /tmp/OAK.csv')
    expect(text('export-outcome')).toContain('No gaps are known of these tokens in this time')
    expect(text('export-gaps')).toBe('2 known gaps may touch it: the manifest says where.')

    await fireEvent.click(screen.getAllByTestId('export-remove')[0] as HTMLElement)
    expect(workspace.exporting.draft.chosen).toEqual([fox])
  })

  it('say why nothing began, or where it ended', async () => {
    inApp(() => Promise.reject(new Error('the server is not running')))
    workspace.navigation.show('M')
    show('Export')
    await press('export-begin')
    await vi.waitFor(() => expect(text('export-refused')).toBe('the server is not running'))
    workspace.exporting.end({ ...ended, error: '/tmp/OAK.csv: the disk is full: make room there' })
    await tick()
    expect(text('export-outcome')).toBe('/tmp/OAK.csv: the disk is full: make room there')
    await press('export-close')
    expect([view.dialog, workspace.exporting.last, workspace.exporting.problem]).toEqual(['', null, ''])
  })

  it('are links in a browser, with the command that does more', async () => {
    workspace.navigation.show('M')
    workspace.connection.address = 'http://127.0.0.1:5051/sub'
    show('Export')
    await press('export-kind-trades')
    await press('export-span-between')
    await fireEvent.input(screen.getByTestId('export-from'), { target: { value: '1760054400' } })
    const link = screen.getByTestId<HTMLAnchorElement>('export-link')
    expect(link.getAttribute('href')).toBe(
      'http://127.0.0.1:5051/sub/api/export?kind=trades&mint=M&from=1760054400&format=csv',
    )
    expect(link.download).toBe('M-trades.csv')
    expect(text('export-command')).toBe(
      'spinscope export trades --mint M --from 1760054400 --url http://127.0.0.1:5051/sub -o M-trades.csv',
    )
    expect(text('export-manifest')).toContain('The app and this command also write a manifest beside it')
    expect(screen.queryByTestId('export-packing-gz')).toBeNull()
    await fireEvent.input(screen.getByTestId('export-from'), { target: { value: 'soon' } })
    expect(text('export-problem')).toContain('write a day as 2026-11-01')
    expect(link.hasAttribute('href')).toBe(false)
    expect(screen.getByTestId('export-from').getAttribute('aria-invalid')).toBe('true')
  })
})

describe('Frames', () => {
  it('are shown as on the wire, the newest, and stand still when told to', async () => {
    const frames = new Frames(() => 1500)
    workspace.prefs.set('zone', 'utc')
    show('Frames', { frames })
    frames.take({ sent: true, text: '42/ws/kline,["subscribe_kline",{}]' })
    for (let i = 0; i < 250; i++) frames.take({ sent: false, text: `2${'x'.repeat(9000)}` })
    frames.take({ sent: false, text: '42/ws/kline,["kline_data",{}]' })
    await vi.waitFor(() => expect(screen.getAllByTestId('frame')).toHaveLength(200))
    const last = screen.getAllByTestId('frame').at(-1)
    expect(last?.textContent?.replace(/\s+/g, ' ')).toContain('00:00:01.500 ↓ 42/ws/kline,["kline_data",{}]')
    expect(screen.getAllByTestId('frame')[0]?.textContent).toContain('9001 characters')
    expect(frames.count).toBe(252)
    await fireEvent.click(screen.getByTestId('frames-pause'))
    frames.take({ sent: false, text: '2' })
    await vi.waitFor(() => expect(frames.count).toBe(253))
    expect(frames.list.at(-1)?.text).toContain('kline_data')
    await fireEvent.click(screen.getByTestId('frames-clear'))
    expect(screen.queryAllByTestId('frame')).toHaveLength(0)
  })
})

describe('Gaps', () => {
  it('are listed with cause and state, those of this mint and of all', async () => {
    const gap = { from_slot: 10, to_slot: 20, cause: 'endpoint lost', state: 'open', seq: 1 } as const
    workspace.connection.rest.gaps = async () => ({
      total: 4,
      gaps: [
        gap,
        { ...gap, from_slot: 30, to_slot: 30, cause: 'log truncated', state: 'unfillable', mint: 'OTHER' },
        { ...gap, from_slot: 0, to_slot: 5, cause: 'followed live only: what was not told', state: 'unfillable' },
        { ...gap, from_slot: 40, to_slot: 50, state: 'filled' },
      ],
    })
    workspace.charts.slots.observe(20, 1_000_000)
    workspace.chart.mint = 'OAKOAKOAKOAKOAK'
    workspace.prefs.set('zone', 'utc')
    show('Gaps')
    const cells = (row: HTMLElement) => [...row.children].map((cell) => cell.textContent).join(' | ')
    const rows = () => screen.getAllByTestId('gap').map(cells)
    await vi.waitFor(() =>
      expect(rows()).toEqual([
        '10–20 | 1970-01-12 13:46:40 | endpoint lost | open',
        '0–5 | 1970-01-12 13:46:34 | followed live only: what was not told | cannot be filled',
      ]),
    )
    expect(workspace.chart.gaps.marks[1]).toMatchObject({ from: -Infinity, state: 'lost', live: true })
    expect(workspace.chart.gaps.marks[0]).toMatchObject({ live: false })
  })

  it('say their cause under the pointer', () => {
    const gap = { fromSlot: 7, toSlot: 7, from: 60, to: 60, cause: 'log truncated', state: 'lost' }
    show('Tip', { pointed: { x: 1, y: 1, gap }, zone: 'utc', unit: 'SOL' })
    expect(text('tip')).toBe('Gap that cannot be filled: log truncatedslot 7, until about 1970-01-01 00:01:00')
  })
})

it('says under the pointer what would be and what was liquidated', () => {
  const until = { orders: 5, paid: 4 }
  const band = { side: 'long', orders: 3, paid: 1.5, low: 2.7e-8, high: 2.8e-8, until }
  const mark = { time: 60, kind: 'liquidation', side: 'short', count: 2, paid: 0.4, unknown: 0 }
  show('Tip', { pointed: { x: 1, y: 1, band, mark }, zone: 'utc', unit: 'SOL' })
  expect([...screen.getByTestId('tip').children].map((line) => line.textContent)).toEqual([
    '2 shorts liquidated, 0.400 SOL',
    '3 longs would be liquidated here, 1.50 SOL',
    '0.0(7)270000 to 0.0(7)280000',
    '5 longs liquidated until the price is here, 4.00 SOL',
  ])
})

describe('Banner', () => {
  it.each([
    [{ connection_status: 'reconnecting', last_error: 'refused' }, 'down', 'refused'],
    [{ lag_slots: 99 }, 'behind', '99 slots behind'],
    [
      { backfill: { running: true, done: 10, total: 40, eta_seconds: 12 } },
      'history',
      'older history: 10 of 40 transactions, about 12s left. New trades keep coming in',
    ],
    [
      { connection_status: 'catching_up', backfill: { running: true, done: 0, total: 0, eta_seconds: 0 } },
      'behind',
      'counting',
    ],
    [{ connection_status: 'connecting' }, 'connecting', 'Connecting to the demo cluster'],
    [{ connection_status: 'disabled' }, 'off', 'enable_event_listener'],
  ])('%j is told', async (more, kind, words) => {
    Object.assign(workspace.connection.rest, { status: async () => ({ ...status, ...more }) })
    workspace.connection.link = 'connected'
    await workspace.health.poll()
    show('Banner')
    expect(screen.getByTestId('banner').dataset['kind']).toBe(kind)
    expect(text('banner')).toContain(words)
  })

  it('keeps quiet while all is well, and offers a way out when the server is gone', async () => {
    workspace.connection.link = 'connected'
    await workspace.health.poll()
    show('Banner')
    expect(screen.queryByTestId('banner')).toBeNull()
    workspace.connection.link = 'offline'
    workspace.connection.lostAt = 1000
    await tick()
    const retry = vi.spyOn(workspace, 'retry').mockReturnValue()
    await fireEvent.click(screen.getByTestId('retry'))
    expect(retry).toHaveBeenCalledOnce()
  })
})

describe('Opening', () => {
  it('asks for the token and says when it is wrong', async () => {
    workspace.connection.phase = 'token'
    const use = vi.spyOn(workspace.connection, 'useToken').mockImplementation(async () => {
      workspace.connection.problem = 'The server does not accept this token.'
    })
    show('Opening')
    await fireEvent.input(screen.getByTestId('token-input'), { target: { value: ' sesame ' } })
    await fireEvent.submit(screen.getByTestId('token-input'))
    expect(use).toHaveBeenCalledWith('sesame')
    expect((await screen.findByTestId('token-problem')).textContent).toContain('does not accept')
  })

  it('says why the server could not start', () => {
    workspace.connection.phase = 'failed'
    workspace.connection.problem = 'port 5051 is busy'
    show('Opening')
    expect(text('opening')).toContain('port 5051 is busy')
  })
})

describe('Tokens', () => {
  it('lists, searches, chooses', async () => {
    workspace.connection.stream = new QuietStream()
    await workspace.tokens.load()
    show('Tokens')
    await tick()
    expect(screen.getAllByTestId('token-row').map((row) => row.dataset['symbol'])).toEqual(['OAK', 'FOX', 'KITE'])
    expect(screen.getAllByTestId('token-price')[0]?.textContent).toBe('0.0(7)2795')
    const search = screen.getByTestId('token-search')
    await fireEvent.input(search, { target: { value: 'fox' } })
    expect(screen.getAllByTestId('token-row')).toHaveLength(1)
    await fireEvent.keyDown(search, { key: 'Enter' })
    expect(workspace.market.mint).toBe('FOXFOXFOXFOXFOX')
    await fireEvent.input(search, { target: { value: 'nothing like it' } })
    expect(screen.getByTestId('tokens-none')).toBeTruthy()
    await fireEvent.keyDown(search, { key: 'Escape' })
    await fireEvent.keyDown(search, { key: 'ArrowDown' })
    expect(workspace.market.mint).toBe('KITEKITEKITEKITEKITE')
    await fireEvent.click(screen.getAllByTestId('token-star')[0] as HTMLElement)
    expect(workspace.tokens.favourites).toEqual(['OAKOAKOAKOAKOAK'])
  })

  it('says the age of a token beside a change that its window is too long for', async () => {
    workspace.connection.stream = new QuietStream()
    await workspace.tokens.load()
    show('Tokens')
    await tick()
    const [token] = workspace.tokens.shown
    const { now } = workspace.clock
    const span = { since: now - 840, open: 1e-8, change: 0.5, volume: 1, quote_volume: 1, buy_volume: 1, trades: 2 }
    Object.assign(token ?? {}, { created: now - 840, ticker: { h24: span, h1: span, m5: span } })
    workspace.prefs.set('figure', 'trades')
    await tick()
    expect(screen.getAllByTestId('token-young').map((node) => node.textContent)).toEqual(['14m'])
    expect(screen.getAllByTestId('token-trades')[0]?.title).toMatch(/^Trades since it was created, /)
    workspace.prefs.set('span', 'm5') // it has existed for longer
    await tick()
    expect(screen.queryAllByTestId('token-young')).toEqual([])
    workspace.prefs.set('span', 'h24')
    workspace.prefs.set('figure', 'last')
  })

  it('marks the price of a coin whose market cap was asked for and is not known', async () => {
    workspace.connection.stream = new QuietStream()
    await workspace.tokens.load()
    const [first] = workspace.tokens.shown
    if (first?.detail) first.detail = { ...first.detail, supply: '1000000000', decimals: 0 }
    workspace.prefs.set('worth', 'cap')
    show('Tokens')
    await tick()
    const [known, unknown] = screen.getAllByTestId('token-price')
    expect(known?.textContent).toBe('27.95')
    expect(known?.parentElement?.classList.contains('dim')).toBe(false)
    expect(unknown?.textContent).toBe('0.0(7)2795')
    expect(unknown?.parentElement?.classList.contains('dim')).toBe(true)
    expect(unknown?.title).toMatch(/^0\.00000002795 SOL\n.*supply of this coin is not known/s)
  })

  it('leaves the list where it was scrolled to when the order changes', async () => {
    workspace.connection.stream = new QuietStream()
    await workspace.tokens.load()
    workspace.navigation.show('OAKOAKOAKOAKOAK')
    show('Tokens')
    await tick()
    const list = screen.getByTestId('token-list')
    list.scrollTop = 500
    Object.assign(workspace.connection.rest, { ranking: async () => [{ mint: 'KITEKITEKITEKITEKITE' }] as Ticker[] })
    await workspace.tokens.refreshRank()
    await tick()
    expect(workspace.tokens.shown[0]?.symbol).toBe('KITE')
    expect(list.scrollTop).toBe(500)
    workspace.navigation.show('FOXFOXFOXFOXFOX')
    await tick()
    expect(list.scrollTop).toBeLessThan(500)
  })

  it('ranks by rise and, pressed again, by fall', async () => {
    workspace.connection.stream = new QuietStream()
    await workspace.tokens.load()
    show('Tokens')
    const symbols = () => screen.queryAllByTestId('token-row').map((row) => row.dataset['symbol'])
    await fireEvent.click(screen.getByTestId('token-tab-gainers'))
    expect(workspace.prefs.values.tab).toBe('gainers')
    await fireEvent.click(screen.getByTestId('token-tab-gainers'))
    await vi.waitFor(() => expect(symbols()).toEqual(['FOX', 'KITE']))
    expect(screen.getByTestId('token-tab-losers').getAttribute('aria-selected')).toBe('true')
    await fireEvent.click(screen.getByTestId('token-tab-losers'))
    await vi.waitFor(() => expect(symbols()).toEqual(['OAK', 'FOX', 'KITE']))
    Object.assign(workspace.connection.rest, { ranking: async () => [] })
    await workspace.tokens.refreshRank()
    await tick()
    expect(screen.getByTestId('tokens-still').textContent).toContain('No token was traded in the last 24 hours')
    await fireEvent.click(screen.getByTestId('token-tab-new'))
    expect(symbols()).toHaveLength(3)
  })

  it('offers to try again when the list cannot be read', async () => {
    const fails = () => Promise.reject(new RestError('the server does not answer', 0))
    Object.assign(workspace.connection.rest, { mints: fails, ranking: fails })
    await workspace.tokens.load()
    show('Tokens')
    expect(text('tokens-error')).toContain('the server does not answer')
  })
})

it('finds a listed coin in the palette by a link to it', async () => {
  const mint = 'CWiTGbCiDd8BKtNYNE2boT9fJGFG2MU53Uf6HQk4pump'
  workspace.connection.stream = new QuietStream()
  Object.assign(workspace.connection.rest, { details: async () => [{ ...details[0], mint_account: mint }] })
  await workspace.tokens.load()
  show('Palette')
  const input = screen.getByTestId('palette-input')
  await fireEvent.input(input, { target: { value: `https://pump.fun/coin/${mint}` } })
  await fireEvent.keyDown(input, { key: 'Enter' })
  expect(workspace.chart.mint).toBe(mint)
})

describe('A coin that is refused', () => {
  const mint = 'WALLET'
  const why = 'WALLET is not the address of a coin'
  const toasts = () => workspace.toasts.list.map((toast) => toast.text)

  /** Everything that the page asks of a coin is refused, one after the other. */
  function refuse(of = mint, code: number = ErrorCode.invalid): void {
    for (const topic of [`events:${of}`, `kline:${of}:m1`, `price:${of}`])
      pushesTo(workspace).error(new RequestError(code as ErrorCode, why, topic))
  }

  async function chart(bars: number): Promise<QuietStream> {
    const stream = new QuietStream()
    workspace.connection.stream = stream
    const list = Array.from({ length: bars }, () => candle(60))
    Object.assign(workspace.connection.rest, {
      klines: async () => klines(list, 1),
      watch: async () => ({ coins: [] }),
    })
    workspace.navigation.show(mint)
    await vi.waitFor(() => expect(workspace.market.phase).toBe(bars > 0 ? 'ready' : 'empty'))
    return stream
  }

  const shown = () =>
    render(Host, { workspace, view, part: 'Chart', given: { chart: workspace.chart, theme: 'dark', place: 0 } })

  it('is explained in the chart, without a toast and without advice', async () => {
    const stream = await chart(0)
    shown()
    expect(text('chart-unknown')).toContain('spinscope watch add WALLET')
    refuse()
    await tick()
    expect(text('chart-refused')).toContain(why)
    expect(screen.queryByTestId('chart-unknown')).toBeNull()
    expect(document.body.textContent).not.toContain('watch add')
    expect(toasts()).toEqual([])

    // Somebody may make it a coin.
    stream.wanted = []
    await fireEvent.click(screen.getByText('Ask again'))
    await vi.waitFor(() => expect(stream.wanted).toContain('+kline WALLET m1 1'))
    expect(stream.wanted).toContain('+events WALLET')
    expect(screen.queryByTestId('chart-refused')).toBeNull()
  })

  it('gets no advice to watch it in the demo market, which follows none', async () => {
    await chart(0)
    await workspace.health.poll()
    shown()
    expect(text('chart-unknown')).toContain('The demo market does not follow coins')
    expect(text('chart-unknown')).not.toMatch(/watch/i)
  })

  it('is told in one toast where the chart has candles to show', async () => {
    await chart(1)
    refuse()
    expect(toasts()).toEqual([`The server refused a request: ${why}`])
  })

  it('is told in one toast when no chart shows it, and so is what is not about a coin', async () => {
    await chart(0)
    refuse('OTHER')
    expect(toasts()).toHaveLength(1)
    expect(workspace.chart.refusal).toBe('')
    workspace.toasts.list = []
    refuse(mint, ErrorCode.rateLimited)
    expect(toasts()).toHaveLength(1)
    expect(workspace.chart.refusal).toBe('')
  })

  it('is asked for again when another one is shown meanwhile, when the connection is back and when it is followed', async () => {
    const stream = await chart(0)
    const again = async (cause: () => void) => {
      refuse()
      expect(workspace.chart.refusal).toBe(why)
      stream.wanted = []
      cause()
      expect(workspace.chart.refusal).toBe('')
      await vi.waitFor(() => expect(stream.wanted).toContain('+kline WALLET m1 1'))
      expect(stream.wanted).toContain('+events WALLET')
    }
    await again(() => {
      workspace.navigation.show('OTHER')
      workspace.navigation.show(mint)
    })
    await again(() => workspace.chart.onConnected())
    await again(() => workspace.watched.moved?.({ mint, state: 'reading' } as WatchedCoin, undefined))
  })
})

describe('Tape', () => {
  it('says that older trades are missing, and reads them when asked', async () => {
    const trade: Trade = {
      key: 'a',
      time: 60,
      slot: 1,
      kind: 'buy',
      side: 'buy',
      tokens: 1,
      paid: 1,
      price: 1,
      exact: '1',
      account: 'A',
      payer: 'A',
      signature: 'S',
      provisional: false,
    }
    workspace.tape.trades = [trade]
    workspace.tape.error = 'the store is closed'
    show('Tape')
    expect(screen.getAllByTestId('trade')).toHaveLength(1)
    expect(text('tape-older')).toContain('the store is closed')
    await fireEvent.click(screen.getByText('Try again'))
    await vi.waitFor(() => expect(screen.queryByTestId('tape-older')).toBeNull())
  })
})

describe('Info', () => {
  const rich = {
    ...details[0],
    uri_data: {
      description: '<img src=x onerror=alert(1)> grows',
      image: 'ipfs://x',
      website: 'https://oak.example',
      twitter: 'javascript:alert(1)',
      telegram: '',
    },
  } as Detail

  async function shown(detail: Detail): Promise<void> {
    workspace.connection.stream = new QuietStream()
    Object.assign(workspace.connection.rest, {
      details: async () => [detail],
      picture: async () => 'data:image/png;base64,AA==',
    })
    await workspace.tokens.load()
    workspace.navigation.show(detail.mint_account)
    show('Info')
    await tick()
  }

  it('shows picture, plain text and web links only', async () => {
    await shown(rich)
    await vi.waitFor(() => expect(screen.getByTestId('token-picture').dataset['kind']).toBe('picture'))
    expect(text('description')).toBe('<img src=x onerror=alert(1)> grows')
    expect(screen.getAllByTestId('link').map((link) => link.title)).toEqual(['https://oak.example/'])
    commandFor(commands(workspace, view), new KeyboardEvent('keydown', { key: 'i' }))?.run()
    await tick()
    expect(screen.getByTestId('token-picture').dataset['kind']).toBe('letter')
  })

  it('has the whole name and symbol, without what is invisible, and no unit where there is no figure', async () => {
    const [symbol, name] = ['ANEXTRAORDINARYSYMBOL', `The ${'very '.repeat(30)}long name`]
    await shown({ ...rich, symbol: `\u202e${symbol}`, name, total_sol_amount: null as unknown as string })
    expect(text('info-title')).toBe(`${name} ${symbol}`)
    expect(screen.getByTestId('info').textContent).not.toContain('– SOL')
  })

  it('has the market cap of the price now, and none while the supply is not known', async () => {
    await shown({ ...rich, supply: '2000000', decimals: 6, market_cap: 6, price_exact: '3' } as Detail)
    expect(text('info')).toMatch(/Market cap\s*6\.00 SOL\s*Supply\s*2\.00/)
    const token = workspace.tokens.get(rich.mint_account)
    if (token) token.price = 4
    await tick()
    expect(text('info')).toMatch(/Market cap\s*8\.00 SOL/)
    if (token) token.detail = rich
    await tick()
    expect(text('info')).not.toMatch(/Market cap|Supply/)
  })

  it('chooses the coins of the list, remembers it, and says so where none is left', async () => {
    const ranking = vi.fn(async () => [])
    Object.assign(workspace.connection.rest, { ranking, details: async () => [rich] })
    await workspace.tokens.load()
    setFilter(workspace, { volume: 5, trades: 10, hours: 6 })
    show('Tokens')
    await vi.waitFor(() => expect(text('tokens-filter-none')).toContain('from 5 paid and 10 trades, up to 6 h old'))
    expect(screen.getByTestId('list-filter').getAttribute('aria-pressed')).toBe('true')
    expect(workspace.prefs.values.filter).toEqual({ volume: 5, trades: 10, hours: 6 })
    await fireEvent.click(screen.getByText('Show all'))
    expect(workspace.tokens.filtered).toBe(false)
  })

  it('says how near graduation a coin is, and what lies where it trades', async () => {
    let venue = {
      venue: 'curve',
      progress: 0.6349,
      for_sale: 793_100e9,
      for_sale_source: 'creation',
      base_left: 289_561e9,
      quote_held: 42.5e9,
      fees: [
        { name: 'protocol', rate: 0.0095 },
        { name: 'creator', rate: 0.003 },
      ],
    } as unknown as Venue
    workspace.connection.rest.venue = async () => venue
    await shown(rich)
    await vi.waitFor(() => expect(text('venue-progress')).toBe('63.4% sold'))
    expect(text('venue')).toMatch(
      /In the curve\s*42.5 SOL\s*Left to buy\s*290M\s*Fees\s*protocol 0.95% \+ creator 0.3%/,
    )
    expect(screen.getByRole('progressbar').title).toBe('Of the 793M coins that the curve began with')

    venue = { ...venue, venue: 'pool', progress: null, fees: [] }
    workspace.navigation.show('Another')
    await tick()
    workspace.navigation.show(rich.mint_account)
    await vi.waitFor(() => expect(text('venue')).toMatch(/In the pool\s*42.5 SOL/))
    expect(screen.queryByRole('progressbar')).toBeNull()
  })

  it('shows a long description in full when asked', async () => {
    const description = 'All of it counts. '.repeat(40).trim()
    await shown({ ...rich, uri_data: { ...rich.uri_data, description } } as Detail)
    expect(text('description')?.length).toBeLessThan(260)
    await fireEvent.click(screen.getByTestId('description-more'))
    expect(text('description')).toBe(`${description} less`)
  })

  it('has a letter when there is no picture or it cannot be had', async () => {
    await shown(details[0] as Detail)
    expect(text('token-picture')).toBe('O')
    document.body.replaceChildren()
    await shown(rich)
    await vi.waitFor(() => expect(screen.getByTestId('token-picture').dataset['kind']).toBe('picture'))
    await fireEvent.error(screen.getByTestId('token-picture').firstElementChild as Element)
    expect(text('token-picture')).toBe('O')
  })
})

describe('commands', () => {
  const press = (key: string, more: KeyboardEventInit = {}) =>
    commandFor(commands(workspace, view), new KeyboardEvent('keydown', { key, ...more }))

  it('gives every key to one command', () => {
    const keys = commands(workspace, view).flatMap((command) => command.keys)
    expect(new Set(keys).size).toBe(keys.length)
    const ids = commands(workspace, view).map((command) => command.id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('finds what a key stands for', () => {
    expect(press('1')?.id).toBe('interval-s1')
    expect(press('0')?.id).toBe('interval-d1')
    expect(press('k', { ctrlKey: true })?.id).toBe('palette')
    expect(press('k')?.id).toBe('previous')
    expect(press('e', { ctrlKey: true })).toBeUndefined()
    expect(press('1', { altKey: true })).toBeUndefined()
    expect(press('™', { altKey: true, code: 'Digit2' })?.id).toBe('layout-columns')
    expect(keyLabel('mod+k')).toBe('Ctrl+K')
    expect(keyLabel('alt+2')).toBe('Alt+2')
  })

  it('changes what it says', () => {
    press('5')?.run()
    press('v')?.run()
    press('t')?.run()
    press('?')?.run()
    expect(workspace.prefs.values).toMatchObject({ volume: false, theme: 'dark' })
    expect(view.dialog).toBe('shortcuts')
  })

  it('knows everything that the native menu asks for', () => {
    const ids = commands(workspace, view).map((command) => command.id)
    const sources = readdirSync('../app').filter((name) => name.endsWith('menu.go'))
    const asked = sources.flatMap((name) =>
      [...readFileSync(`../app/${name}`, 'utf8').matchAll(/"menu:toggle", "([\w-]+)"/g)].map((match) => match[1]),
    )
    expect(asked.length).toBeGreaterThan(15)
    expect(asked.filter((id) => !ids.includes(id ?? ''))).toEqual(['on-top']) // a browser's windows are its own
  })

  it('leaves the keys alone while the person types', () => {
    const field = document.createElement('input')
    document.body.append(field)
    let found: unknown = 'unset'
    field.addEventListener('keydown', (event) => (found = commandFor(commands(workspace, view), event)))
    field.dispatchEvent(new KeyboardEvent('keydown', { key: '1' }))
    expect(found).toBeUndefined()
    field.remove()
  })
})

it('names exports safely', () => {
  expect(exportName('../../SPT', 'm1', 'csv')).toBe('-SPT-m1.csv')
  expect(exportName('\u202e', 'd1', 'png')).toBe('token-d1.png')
})

it('writes scripts for what is shown, never with the token in them', () => {
  for (const language of ['node', 'python', 'go', 'curl'] as const) {
    const open = snippet(language, 'http://127.0.0.1:5051', 'MINT', 'm5', false)
    expect(open).toContain('127.0.0.1:5051')
    expect(open).toContain('MINT')
    expect(open).toContain('m5')
    expect(open).not.toContain('SPINSCOPE_TOKEN')
    expect(snippet(language, 'http://127.0.0.1:5051', 'MINT', 'm5', true)).toContain('SPINSCOPE_TOKEN')
  }
})

it('writes scripts that reach a server below a path', () => {
  const base = 'https://charts.example/spinscope'
  const script = (language: 'node' | 'python' | 'go' | 'curl') => snippet(language, base, 'MINT', 'm5', true)
  expect(script('node')).toContain("io('https://charts.example/ws/kline', { path: '/spinscope/socket.io/', auth: {")
  expect(script('python')).toContain('socketio_path="/spinscope/socket.io/"')
  expect(script('go')).toContain('wss://charts.example/spinscope/socket.io/?EIO=4')
  expect(script('curl')).toContain('https://charts.example/spinscope/api/kline?')
})

it('finds the server where the page was loaded from', () => {
  const at = (pathname: string) => loadedFrom({ origin: 'https://charts.example', pathname })
  expect(at('/')).toBe('https://charts.example')
  expect(at('/index.html')).toBe('https://charts.example')
  expect(at('/spinscope/')).toBe('https://charts.example/spinscope')
  expect(at('/a/b/index.html')).toBe('https://charts.example/a/b')
})
