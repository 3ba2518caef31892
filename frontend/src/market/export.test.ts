import { describe, expect, it } from 'vitest'
import {
  emptyWords,
  endingOf,
  exportCommand,
  type ExportDraft,
  exportPath,
  type ExportQuestion,
  exportStem,
  FIRST_DRAFT,
  isExportProblem,
  questionOf,
  type Shown,
} from './export'

const NOW = Date.parse('2026-11-30T12:00:00Z') / 1000
const shown: Shown = { mint: 'M', interval: 'm5', sight: { from: 300, to: 900 }, zone: 'utc', now: NOW }

function ask(change: Partial<ExportDraft>, seen: Partial<Shown> = {}): ExportQuestion {
  const asked = questionOf({ ...FIRST_DRAFT, ...change }, { ...shown, ...seen })
  if (isExportProblem(asked)) throw new Error(`${asked.field}: ${asked.text}`)
  return asked
}

describe('what is to be exported', () => {
  it('is at first what is shown, all of it', () => {
    expect(ask({})).toEqual({
      kind: 'candles',
      format: 'csv',
      interval: 'm5',
      mints: ['M'],
      from: null,
      to: null,
      market_cap: false,
    })
    expect(ask({ interval: 'h1' }).interval).toBe('h1')
  })

  it('is of some tokens, or of all', () => {
    expect(ask({ which: 'chosen', chosen: ['A', 'B'] }).mints).toEqual(['A', 'B'])
    expect(ask({ which: 'all', chosen: ['A', 'B'] }, { mint: '' }).mints).toEqual([])
    expect(() => ask({ which: 'chosen' })).toThrow('mints: choose at least one token')
    expect(() => ask({}, { mint: '' })).toThrow('mints: no token is shown')
  })

  it('is of a time', () => {
    const of = (change: Partial<ExportDraft>, seen: Partial<Shown> = {}) => {
      const { from, to } = ask(change, seen)
      return [from, to]
    }
    expect(of({ span: '1d' })).toEqual([NOW - 86_400, null])
    expect(of({ span: '30d' })).toEqual([NOW - 30 * 86_400, null])
    // The last bar in sight to its end.
    expect(of({ span: 'sight' })).toEqual([300, 1199])
    expect(() => of({ span: 'sight' }, { sight: undefined })).toThrow('span: the chart shows no bars')
    const day = Date.parse('2026-11-01T00:00:00Z') / 1000
    expect(of({ span: 'between', from: '2026-11-01', to: '2026-11-01' })).toEqual([day, day + 86_399])
    expect(of({ span: 'between', from: ' ', to: '2026-11-01' })).toEqual([null, day + 86_399])
    expect(of({ span: 'between' })).toEqual([null, null])
    expect(() => of({ span: 'between', from: 'x' })).toThrow('from: write a day')
    expect(() => of({ span: 'between', to: 'x' })).toThrow('to: write a day')
    expect(() => of({ span: 'between', from: '2026-11', to: '2026-10' })).toThrow('to: it ends before it begins')
  })

  it('has a name, a path and a command that say it', () => {
    const candles = ask({ span: 'sight' })
    expect(exportStem(candles, 'OAK')).toBe('OAK-m5')
    expect(exportPath(candles)).toBe('/api/export?kind=candles&interval=m5&mint=M&from=300&to=1199&format=csv')
    expect(exportCommand(candles, 'http://x:1', 'OAK-m5.csv')).toBe(
      'spinscope export candles --interval m5 --mint M --from 300 --to 1199 --url http://x:1 -o OAK-m5.csv',
    )
    const events = ask({ kind: 'events', which: 'all', format: 'parquet' })
    expect(exportStem(events, '')).toBe('all-events')
    expect(exportPath(events)).toBe('/api/export?kind=events&format=parquet')
    const some = ask({ kind: 'orders', which: 'chosen', chosen: ['A', 'B', 'C'] })
    expect(exportStem(some, '')).toBe('3-tokens-orders')
    expect(exportPath(some)).toBe('/api/export?kind=orders&mint=A&mint=B&mint=C&format=csv')
  })

  it('has market caps where rows have a price', () => {
    const trades = ask({ kind: 'trades', caps: true })
    expect(exportPath(trades)).toBe('/api/export?kind=trades&mint=M&market_cap=true&format=csv')
    expect(exportCommand(trades, 'http://x:1', 'a.csv')).toBe(
      'spinscope export trades --mint M --with-market-cap --url http://x:1 -o a.csv',
    )
    expect(ask({ kind: 'orders', caps: true }).market_cap).toBe(false)
  })

  it('ends in what is in it', () => {
    expect(endingOf({ format: 'csv', packing: 'gz' })).toBe('csv.gz')
    expect(endingOf({ format: 'jsonl', packing: 'zst' })).toBe('jsonl.zst')
    expect(endingOf({ format: 'parquet', packing: 'gz' })).toBe('parquet')
    expect(endingOf({ format: 'arrow', packing: '' })).toBe('arrow')
  })

  it('says what it means that there is nothing', () => {
    expect(emptyWords(ask({ kind: 'trades' }))).toBe('No trades are stored of this token in this time.')
    expect(emptyWords(ask({ kind: 'gaps', which: 'all' }))).toBe(
      'No gaps are known of any token in this time: nothing is known to be missing.',
    )
  })
})
