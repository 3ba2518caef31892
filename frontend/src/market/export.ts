import { type Interval, seconds, words } from './interval'
import type { Zone } from './time'
import { readWhen } from './when'

/** What can be exported. */
export const EXPORT_KINDS = [
  { value: 'candles', text: 'Candles', about: 'A row for each interval in which a token traded.' },
  { value: 'trades', text: 'Trades', about: 'A row for each trade: side, price, amounts, taker.' },
  {
    value: 'events',
    text: 'Events',
    about: 'Every event of the programs with all of its fields. All else follows from these.',
  },
  { value: 'orders', text: 'Orders', about: 'The margin orders that are open now; the time is that of their opening.' },
  {
    value: 'gaps',
    text: 'Gaps',
    about: 'Slots that may hold what is not stored. Look here before you trust a quiet hour.',
  },
] as const
export type ExportKind = (typeof EXPORT_KINDS)[number]['value']

/** What files can be written. */
export const EXPORT_FORMATS = [
  { value: 'csv', text: 'CSV', about: 'For spreadsheets, and whatever reads text.' },
  { value: 'jsonl', text: 'JSON Lines', about: 'One object a line.' },
  { value: 'parquet', text: 'Parquet', about: 'For DuckDB, Spark, pandas and Polars: exact decimals, compressed.' },
  { value: 'arrow', text: 'Arrow', about: 'Mapped into memory by pyarrow, Polars and pandas; large.' },
] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]['value']

/** What text may be packed with; Parquet and Arrow are not. */
export const PACKINGS = [
  { value: '', text: 'None', title: 'Text as it is' },
  { value: 'gz', text: 'gzip', title: 'Read by nearly everything' },
  { value: 'zst', text: 'Zstandard', title: 'Smaller, and faster to read' },
] as const
export type Packing = (typeof PACKINGS)[number]['value']

export const EXPORT_SPANS = [
  { value: 'all', text: 'All', title: 'Everything that is stored' },
  { value: '1d', text: '24h', title: 'The last 24 hours' },
  { value: '7d', text: '7d', title: 'The last 7 days' },
  { value: '30d', text: '30d', title: 'The last 30 days' },
  { value: 'sight', text: 'In sight', title: 'What the chart shows' },
  { value: 'between', text: 'Between', title: 'From one time to another' },
] as const
export type ExportSpan = (typeof EXPORT_SPANS)[number]['value']

/** So many tokens one export may name: as many as the server takes. */
export const MAX_EXPORT_MINTS = 1000

/** What stands in the dialog. */
export interface ExportDraft {
  kind: ExportKind
  /** Of candles; empty for the one that is shown. */
  interval: Interval | ''
  which: 'shown' | 'chosen' | 'all'
  chosen: readonly string[]
  span: ExportSpan
  /** As typed, of the span between two times; empty for no bound. */
  from: string
  to: string
  /** With a column of market caps, where rows have one. */
  caps: boolean
  format: ExportFormat
  packing: Packing
}

export const FIRST_DRAFT: ExportDraft = {
  kind: 'candles',
  interval: '',
  which: 'shown',
  chosen: [],
  span: 'all',
  from: '',
  to: '',
  caps: false,
  format: 'csv',
  packing: '',
}

/** What the window shows while the dialog is open. */
export interface Shown {
  mint: string
  interval: Interval
  /** The open times of the first and the last bar in sight. */
  sight: { from: number; to: number } | undefined
  zone: Zone
  /** Chain time, Unix seconds. */
  now: number
}

/** What is to be exported. Without mints: of all tokens. Times are Unix seconds, inclusive; null is no bound. */
export interface ExportQuestion {
  kind: ExportKind
  format: ExportFormat
  interval: Interval
  mints: readonly string[]
  from: number | null
  to: number | null
  /** A last column of price × supply. The shell reads it by this name. */
  market_cap: boolean
}

/** Whether rows of a kind have a price, and so a market cap. */
export const hasCap = (kind: ExportKind): boolean => kind !== 'orders' && kind !== 'gaps'

/** What keeps a draft from being exported. */
export interface ExportProblem {
  field: 'mints' | 'span' | 'from' | 'to'
  text: string
}

/** What a draft asks for, or what is wrong with it. */
export function questionOf(draft: ExportDraft, shown: Shown): ExportQuestion | ExportProblem {
  const mints = draft.which === 'shown' ? [shown.mint] : draft.which === 'chosen' ? draft.chosen : []
  if (draft.which === 'shown' && !shown.mint)
    return { field: 'mints', text: 'no token is shown: choose one, or export all' }
  if (draft.which === 'chosen' && mints.length === 0) return { field: 'mints', text: 'choose at least one token' }

  const interval = draft.interval || shown.interval
  const range = rangeOf(draft, shown)
  if ('field' in range) return range
  return {
    kind: draft.kind,
    format: draft.format,
    interval,
    mints,
    ...range,
    market_cap: draft.caps && hasCap(draft.kind),
  }
}

export const isExportProblem = (value: ExportQuestion | ExportProblem): value is ExportProblem => 'field' in value

function rangeOf(draft: ExportDraft, shown: Shown): { from: number | null; to: number | null } | ExportProblem {
  const { now, sight, zone } = shown
  switch (draft.span) {
    case 'all':
      return { from: null, to: null }
    case 'sight':
      if (!sight) return { field: 'span', text: 'the chart shows no bars' }
      return { from: sight.from, to: sight.to + seconds(shown.interval) - 1 }
    case 'between':
      break
    default:
      return { from: now - Number.parseInt(draft.span) * 86_400, to: null }
  }

  let [from, to]: [number | null, number | null] = [null, null]
  if (draft.from.trim()) {
    const read = readWhen(draft.from, zone, now)
    if (typeof read === 'string') return { field: 'from', text: read }
    from = read.from
  }
  if (draft.to.trim()) {
    const read = readWhen(draft.to, zone, now)
    if (typeof read === 'string') return { field: 'to', text: read }
    to = read.to
  }
  if (from !== null && to !== null && from > to) return { field: 'to', text: 'it ends before it begins' }
  return { from, to }
}

/** What the file ends in. */
export function endingOf({ format, packing }: Pick<ExportDraft, 'format' | 'packing'>): string {
  return packing && (format === 'csv' || format === 'jsonl') ? `${format}.${packing}` : format
}

/** A file's name without its ending: SPT-m1, SPT-trades, 3-tokens-m1, all-orders. The symbol is safe for file systems. */
export function exportStem({ kind, mints, interval }: ExportQuestion, symbol: string): string {
  const whose = mints.length === 0 ? 'all' : mints.length === 1 ? symbol : `${mints.length}-tokens`
  return `${whose}-${kind === 'candles' ? interval : kind}`
}

/** The path of the REST API that answers with the file. */
export function exportPath(question: ExportQuestion): string {
  return `/api/export?${new URLSearchParams([...queryOf(question), ['format', question.format]])}`
}

function queryOf({ kind, interval, mints, from, to, market_cap }: ExportQuestion): [string, string][] {
  return [
    ['kind', kind],
    ...(kind === 'candles' ? ([['interval', interval]] as [string, string][]) : []),
    ...mints.map((mint): [string, string] => ['mint', mint]),
    ...(from === null ? [] : ([['from', String(from)]] as [string, string][])),
    ...(to === null ? [] : ([['to', String(to)]] as [string, string][])),
    ...(market_cap ? ([['market_cap', 'true']] as [string, string][]) : []),
  ]
}

/** The command that writes the same file. A token of the server is taken from SPINSCOPE_TOKEN. */
export function exportCommand(question: ExportQuestion, base: string, file: string): string {
  const flags = queryOf(question)
    .filter(([name]) => name !== 'kind')
    .map(([name, value]) => (name === 'market_cap' ? '--with-market-cap' : `--${name} ${value}`))
  return ['spinscope export', question.kind, ...flags, `--url ${base}`, `-o ${file}`].join(' ')
}

/** What it means that there are no rows. */
export function emptyWords({ kind, mints }: ExportQuestion): string {
  const what = mints.length === 0 ? 'of any token' : mints.length === 1 ? 'of this token' : 'of these tokens'
  return kind === 'gaps'
    ? `No gaps are known ${what} in this time: nothing is known to be missing.`
    : `No ${kind} are stored ${what} in this time.`
}

/** For the list of intervals: 1 minute (m1). */
export const intervalWords = (interval: Interval): string => `${words(interval)} (${interval})`
