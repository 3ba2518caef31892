import { afterEach, expect, it, vi } from 'vitest'
import type { ExportQuestion } from '../market/export'
import { Exporting } from './exporting.svelte'
import { fakeRest } from './fakes'

const saved: [string, Blob][] = []
vi.mock('../native', () => ({ saveFile: (name: string, file: Blob) => saved.push([name, file]) }))
afterEach(() => {
  saved.length = 0
  vi.useRealTimers()
})

const question: ExportQuestion = {
  kind: 'candles',
  format: 'csv',
  interval: 'm1',
  mints: [],
  from: null,
  to: null,
  market_cap: false,
}
const bytes = (text: string) => new TextEncoder().encode(text)

it('reads a file that a link cannot have, counts its rows, and hands it over whole', async () => {
  vi.useFakeTimers()
  const seen: number[] = []
  const exporting = new Exporting(
    fakeRest({
      download: async (path, progress) => {
        expect(path).toBe('/api/export?kind=candles&interval=m1&format=csv')
        for (const chunk of ['time,open\n', '1,2\n3,', '4\n']) {
          progress(bytes(chunk))
          seen.push(exporting.now?.rows ?? NaN)
        }
        return new Blob(['file'])
      },
    }),
    null,
  )
  await exporting.begin(question, 'all-m1.csv')
  expect(seen).toEqual([0, 1, 2])
  expect(saved.map(([name]) => name)).toEqual(['all-m1.csv'])
  expect(exporting.last).toMatchObject({ state: 'done', rows: 2, bytes: 18, file: 'all-m1.csv' })
  vi.advanceTimersByTime(10_000)
  expect([exporting.now, exporting.last?.state]).toEqual([null, 'done'])
})

it('saves nothing of a file that is stopped or breaks off', async () => {
  const exporting = new Exporting(
    fakeRest({
      download: (_path, progress, signal) =>
        new Promise((_, reject) => {
          progress(bytes('PAR1'))
          signal.addEventListener('abort', () => reject(signal.reason))
        }),
    }),
    null,
  )
  const begun = exporting.begin({ ...question, format: 'parquet' }, 'all-m1.parquet')
  expect(exporting.now).toMatchObject({ state: 'running', rows: NaN, bytes: 4 })
  await exporting.begin(question, 'second.csv') // one at a time
  expect(exporting.now?.file).toBe('all-m1.parquet')
  exporting.stop()
  await begun
  expect(exporting.last).toMatchObject({ state: 'stopped', problem: '' })

  const broken = new Exporting(fakeRest({ download: () => Promise.reject(new Error('it broke off')) }), null)
  await broken.begin(question, 'x.csv')
  expect(broken.last).toMatchObject({ state: 'failed', problem: 'it broke off' })
  expect(saved).toEqual([])
})

it('has the shell write, and keeps what was asked when the person changes their mind', async () => {
  const answers = ['/tmp/a.csv', '']
  const stop = vi.fn()
  const exporting = new Exporting(fakeRest({}), { begin: async () => answers.shift() ?? '', stop })
  await exporting.begin(question, 'a.csv')
  expect(exporting.asked).toBe(question)
  await exporting.begin({ ...question, kind: 'gaps' }, 'b.csv')
  expect(exporting.asked).toBe(question)

  // A page that was loaded anew meanwhile hears how it ends.
  exporting.progress({ path: '/tmp/a.csv', rows: 5, part: 0.1, left: 9 })
  exporting.stop()
  expect([exporting.running, stop.mock.calls.length]).toEqual([true, 1])
  exporting.forget()
  expect(exporting.last?.state).toBe('running')
  exporting.end({ path: '/tmp/a.csv', rows: 5, bytes: 9, gaps: 1, stopped: false, error: '' })
  expect(exporting.last).toMatchObject({ state: 'done', rows: 5, gaps: 1 })
  exporting.forget()
  expect(exporting.last).toBeNull()
})
