import type { Candle } from './candle'
import { averageTrueRange } from './study/atr'
import { orderFlow } from './study/flow'
import { convergence } from './study/macd'
import { relativeStrength } from './study/rsi'
import { smooth } from './study/smooth'
import { volumeWeightedPrice } from './study/vwap'

/** What a line over the candles is computed from. */
export type IndicatorBar = Pick<Candle, 'time' | 'high' | 'low' | 'close' | 'volume' | 'quote_volume' | 'buy_volume'>

/** Bars that an average may span. */
export const PERIODS = [2, 500] as const

/** Averages of one kind at once, each with a length of its own. */
export const MAX_LENGTHS = 4

/**
 * Lines over the candles: one value per bar and line, NaN where there is none yet. `fill` computes the values anew from
 * bar `from` on; what stands before it is taken as right, so that a push costs one value and not the whole line.
 */
export interface Indicator {
  /** In the order of `lines` in the table. */
  readonly lines: readonly number[][]
  fill(bars: readonly IndicatorBar[], from: number): void
}

/** What the window knows of an indicator: commands, keys, legend, layers and what is remembered are made from it. */
export interface IndicatorKind {
  /** In the legend, before the period. */
  label: string
  /** In a sentence: "Toggle moving average". */
  words: string
  /** In the list of layers; an average's number of bars stands behind it. */
  layer: string
  hint: string
  key: string
  /** Bars that it spans unless the person says otherwise; none for one that does not go by bars. */
  period?: number
  /** There may be one of each of several lengths, up to MAX_LENGTHS. */
  several?: true
  /** What its lines are called in the legend; a single line needs no name, those of several lengths go by these. */
  lines: readonly string[]
  /** Of its number of bars, or of several such numbers; absent for what the chart itself has. */
  make?(...lengths: number[]): Indicator
  /** The axis makes room for it too, and has a label at its last value. */
  scaled?: true
  /** It stands in a pane of its own below the candles; else it is drawn over them, in prices. */
  pane?: Pane
}

/** How a pane of its own is counted and drawn. */
export interface Pane {
  /** Prices, tokens, or a number from 0 to 100. */
  unit: 'price' | 'tokens' | 'percent'
  /** Its first line is drawn as columns from zero: on the scale of the others, or on one of its own where it is far smaller. */
  columns?: 'beside' | 'apart'
}

/**
 * Every indicator, by the name under which it is remembered. Its colour is `--chart-NAME` in styles/tokens.css, its item in
 * the native menu in app/chartmenu.go.
 */
export const INDICATORS = {
  ma: {
    label: 'MA',
    words: 'moving average',
    layer: 'Moving average of',
    hint: 'The mean of the last closes; of up to four lengths at once: solid, dashed, dotted and wide apart',
    key: 'm',
    period: 20,
    several: true,
    lines: [''],
    make: (...lengths) => together(lengths.map(movingAverage)),
  },
  ema: {
    label: 'EMA',
    words: 'exponential average',
    layer: 'Exponential average of',
    hint: 'Newer closes count for more; of up to four lengths at once, as above',
    key: 'n',
    period: 50,
    several: true,
    lines: [''],
    make: (...lengths) => together(lengths.map(exponentialAverage)),
  },
  vwap: {
    label: 'VWAP',
    words: 'VWAP',
    layer: 'VWAP since',
    hint: 'Average price of the candles that are loaded, the sum paid divided by tokens traded: since midnight UTC, since Monday, or from a candle on that you pick (Alt+W)',
    key: 'w',
    lines: [''],
    make: volumeWeightedPrice,
  },
  bollinger: {
    label: 'BB',
    words: 'Bollinger band',
    layer: 'Bollinger band of',
    hint: 'The mean of the last closes, and two standard deviations above and below it',
    key: 'B',
    period: 20,
    lines: ['upper', 'middle', 'lower'],
    make: bollingerBand,
  },
  profile: {
    label: 'Most traded at',
    words: 'volume profile',
    layer: 'Volume by price of the candles in sight',
    hint: 'At the left, what takers bought and sold at each price, each candle’s volume spread evenly over its range; the dashed line: where most was traded',
    key: 'K',
    lines: [''],
  },
  compare: {
    label: 'vs',
    words: 'the line of another coin',
    layer: 'Another coin’s line, in percent:',
    hint: 'Its closes over these candles, both in percent since the first candle in sight; the coin is chosen for each chart',
    key: 'X',
    lines: [''],
    scaled: true,
  },
  flow: {
    label: 'Flow',
    words: 'order flow: delta and CVD',
    layer: 'Order flow: delta, and CVD since midnight UTC',
    hint: 'Tokens that takers bought less those that they sold: in each candle, and added up through the day',
    key: 'F',
    lines: ['delta', 'CVD'],
    make: orderFlow,
    pane: { unit: 'tokens', columns: 'apart' },
  },
  rsi: {
    label: 'RSI',
    words: 'relative strength',
    layer: 'Relative strength (RSI) of',
    hint: 'How much of what the closes moved was upwards, from 0 to 100',
    key: 'R',
    period: 14,
    lines: [''],
    make: relativeStrength,
    pane: { unit: 'percent' },
  },
  macd: {
    label: 'MACD',
    words: 'MACD',
    layer: 'MACD of 12, 26 and 9',
    hint: 'A quick exponential average less a slow one, and the average of that; columns: how far the two are apart',
    key: 'D',
    lines: ['apart', '', 'signal'],
    make: convergence,
    pane: { unit: 'price', columns: 'beside' },
  },
  atr: {
    label: 'ATR',
    words: 'average true range',
    layer: 'Average true range of',
    hint: 'How far the price goes in a candle, on average',
    key: 'T',
    period: 14,
    lines: [''],
    make: averageTrueRange,
    pane: { unit: 'price' },
  },
} as const satisfies Record<string, IndicatorKind>

export type IndicatorName = keyof typeof INDICATORS

/** The indicators that span a number of bars. */
export type PeriodName = {
  [Name in IndicatorName]: (typeof INDICATORS)[Name] extends { period: number } ? Name : never
}[IndicatorName]

/** Those of which several lengths may be shown at once. */
export type SeveralName = {
  [Name in IndicatorName]: (typeof INDICATORS)[Name] extends { several: true } ? Name : never
}[IndicatorName]

/** What is remembered of indicators: which are shown, how many bars they span, and which further lengths of one are shown. */
export type IndicatorPrefs = Record<IndicatorName, boolean> &
  Record<`${PeriodName}Period`, number> &
  Record<`${SeveralName}More`, readonly number[]>

export const indicatorNames = Object.keys(INDICATORS) as IndicatorName[]

export function indicatorKind(name: IndicatorName): IndicatorKind {
  return INDICATORS[name]
}

/** Where the number of bars is remembered; undefined for an indicator that has none. */
export function periodKey(name: IndicatorName): `${PeriodName}Period` | undefined {
  return indicatorKind(name).period === undefined ? undefined : `${name as PeriodName}Period`
}

/** Where its further lengths are remembered; undefined for an indicator that has one at most. */
export function moreKey(name: IndicatorName): `${SeveralName}More` | undefined {
  return indicatorKind(name).several && `${name as SeveralName}More`
}

/** The bars that an indicator spans, one number for each length that is shown; none for one that does not go by bars. */
export function lengthsOf(prefs: IndicatorPrefs, name: IndicatorName): readonly number[] {
  const [key, more] = [periodKey(name), moreKey(name)]
  return key ? [prefs[key], ...(more ? prefs[more] : [])] : []
}

/** None shown, each with its usual number of bars. */
export function indicatorDefaults(): IndicatorPrefs {
  const values: Record<string, boolean | number | number[]> = {}
  for (const name of indicatorNames) {
    values[name] = false
    const key = periodKey(name)
    if (key) values[key] = indicatorKind(name).period ?? NaN
    const more = moreKey(name)
    if (more) values[more] = []
  }
  return values as unknown as IndicatorPrefs
}

/** Several as one, with the lines of all of them. */
function together(all: readonly Indicator[]): Indicator {
  return {
    lines: all.flatMap(({ lines }) => lines),
    fill(bars, from) {
      for (const one of all) one.fill(bars, from)
    },
  }
}

/** The mean of the last `period` closes. */
export function movingAverage(period: number): Indicator {
  const values: number[] = []
  return {
    lines: [values],
    fill(bars, from) {
      values.length = bars.length
      // A window's own sum each time: a running one would gather rounding errors over a day of ticks.
      for (let i = from; i < bars.length; i++) values[i] = mean(bars, i - period + 1, i)
    },
  }
}

/** The exponential mean with weight 2/(period+1), begun by the plain mean of the first `period` closes. */
export function exponentialAverage(period: number): Indicator {
  const values: number[] = []
  return {
    lines: [values],
    fill(bars, from) {
      values.length = bars.length
      const close = (i: number) => bars[i]?.close ?? NaN
      for (let i = from; i < bars.length; i++) smooth(values, close, i, { period })
    },
  }
}

/** Standard deviations between the middle of a Bollinger band and each of its edges. */
const WIDTH = 2

/** The mean of the last `period` closes, and two of their standard deviations (of all, not of a sample) to each side. */
export function bollingerBand(period: number): Indicator {
  const [upper, middle, lower]: [number[], number[], number[]] = [[], [], []]
  const lines = [upper, middle, lower]
  return {
    lines,
    fill(bars, from) {
      for (const line of lines) line.length = bars.length
      for (let i = from; i < bars.length; i++) {
        const centre = mean(bars, i - period + 1, i)
        let squares = 0
        for (let k = Math.max(0, i - period + 1); k <= i; k++) squares += ((bars[k]?.close ?? NaN) - centre) ** 2
        const away = WIDTH * Math.sqrt(squares / period)
        upper[i] = centre + away
        middle[i] = centre
        lower[i] = centre - away
      }
    },
  }
}

function mean(bars: readonly IndicatorBar[], first: number, last: number): number {
  if (first < 0) return NaN
  let sum = 0
  for (let i = first; i <= last; i++) sum += bars[i]?.close ?? NaN
  return sum / (last - first + 1)
}
