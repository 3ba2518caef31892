import {
  indicatorDefaults,
  indicatorNames,
  type IndicatorPrefs,
  MAX_LENGTHS,
  moreKey,
  periodKey,
  PERIODS,
} from '../market/indicator'
import { isInterval } from '../market/interval'
import type { Money, Worth } from '../market/measure'
import { ORDER_SORTS, type OrderSort } from '../market/orders'
import type { Zone } from '../market/time'
import { isListFilter, type ListFilter, NO_FILTER } from '../market/list-filter'
import { isListSort, type ListSort } from '../market/list-sort'
import { CHANGE_SPANS, type ChangeSpan, type Figure, FIGURES, LIST_TABS, type ListTab } from '../market/token'
import { isWallet, MAX_WALLETS, type Wallet } from '../market/wallet'
import type { ChartChoice } from './chart.svelte'
import { MAX_PICKED, type PickedCandle } from './vwap'

export type ThemeChoice = 'auto' | 'dark' | 'light'
/** What rises and what falls: green and red, or two colours that are told apart without telling red from green. */
export type Colours = 'green-red' | 'blue-orange'
export type ChartKind = 'candles' | 'heikin' | 'line' | 'area'
export type ConnectTab = 'node' | 'python' | 'go' | 'curl' | 'frames'
/** How the charts of the window lie: one; two beside or above each other; two by two. */
export type Layout = 'one' | 'columns' | 'rows' | 'four'
export type SideTab = 'trades' | 'orders' | 'wallets' | 'info' | 'alerts'

/** Whether the first tour is still to come: it is due once a market was asked for, and shown once. */
export type TourState = 'new' | 'due' | 'shown'

export interface PrefValues extends IndicatorPrefs {
  theme: ThemeChoice
  colours: Colours
  chart: ChartKind
  volume: boolean
  volumePaid: boolean
  volumeDelta: boolean
  log: boolean
  percent: boolean
  /** What a price is shown as, and in. */
  worth: Worth
  money: Money
  zone: Zone
  pictures: boolean
  gapMarks: boolean
  /** The VWAP begins anew each week, and not each day; of some coins it counts from a candle on. */
  vwapWeek: boolean
  vwapFrom: readonly PickedCandle[]
  bands: boolean
  liquidations: boolean
  largeTrades: boolean
  /** Whether the drawing tools are on screen, and whether a point of a drawing goes to a price of its candle. */
  drawTools: boolean
  magnet: boolean
  /** What each chart shows, in the order of their places. */
  charts: ChartChoice[]
  layout: Layout
  /** Place of the chart that has the focus. */
  focus: number
  /** Which chart stands in the last place of a layout that has fewer. */
  lastPlace: number
  /** Where the line between charts beside each other stands, in percent of the width. */
  splitX: number
  /** The same for charts above each other, of the height. */
  splitY: number
  /** Whether the crosshair moves in all charts at once. */
  crossSync: boolean
  /** Whether all charts show one coin, and whether all show one time. */
  linkCoin: boolean
  linkTime: boolean
  tab: ListTab
  /** What the list is sorted by in the place of the tab's own order; empty: that. */
  sort: ListSort | ''
  /** Whether rows have the line of their day. */
  sparks: boolean
  /** How far back the list's change reaches. */
  span: ChangeSpan
  /** What stands beside a token's name in the list. */
  figure: Figure
  side: SideTab
  /** What open orders are sorted by, and whether the other way round. */
  ordersBy: OrderSort
  ordersBack: boolean
  /** What the connect panel shows. */
  connect: ConnectTab
  favourites: string[]
  /** The wallets that are followed: addresses and what they are called here. */
  wallets: Wallet[]
  tour: TourState
  /** Which coins the list is of. */
  filter: ListFilter
  /** Up to which time, Unix milliseconds, alerts were looked at. */
  alertsSeen: number
  /** Whether an alert is heard, and how loud, from 0 to 100. */
  sound: boolean
  loudness: number
  left: number
  right: number
}

/** The choices between on and off. */
type Flag = { [Key in keyof PrefValues]: PrefValues[Key] extends boolean ? Key : never }[keyof PrefValues]

/** Bounds of the side panes in CSS pixels. */
export const PANES = { left: [176, 420], right: [200, 460] } as const

/** Bounds of the lines between charts, in percent. */
export const SPLIT = [20, 80] as const
/** Charts in one window at most. */
export const MAX_CHARTS = 4
/** Charts that a layout shows. */
export const PLACES: Record<Layout, number> = { one: 1, columns: 2, rows: 2, four: 4 }

const KEY = 'spinscope.prefs'
/** What each window of the app has for itself. */
const OWN: ReadonlySet<string> = new Set<keyof PrefValues>([
  'charts',
  'layout',
  'focus',
  'lastPlace',
  'splitX',
  'splitY',
  'left',
  'right',
  'side',
  'tab',
  'sort',
])
/** Characters of a remembered mint at most; an address has 44 or fewer. */
const MAX_MINT = 64

function oneOf<T extends string>(...values: T[]): (value: unknown) => value is T {
  return (value): value is T => (values as unknown[]).includes(value)
}

const isFlag = (value: unknown): value is boolean => typeof value === 'boolean'
const isText = (value: unknown): value is string => typeof value === 'string'
const within =
  ([low, high]: readonly [number, number]) =>
  (value: unknown): value is number =>
    typeof value === 'number' && value >= low && value <= high

const isPlace = (value: unknown): value is number => within([0, MAX_CHARTS - 1])(value) && Number.isInteger(value)

const isPeriod = (value: unknown): value is number => within(PERIODS)(value) && Number.isInteger(value)

const areMore = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length < MAX_LENGTHS && value.every(isPeriod)

const isPicked = (value: unknown): value is PickedCandle => {
  const { mint, time } = (value ?? {}) as Partial<PickedCandle>
  return isText(mint) && within([1, Number.MAX_SAFE_INTEGER])(time)
}

const isMint = (value: unknown): value is string => isText(value) && value.length <= MAX_MINT

const isChoice = (value: unknown): value is ChartChoice => {
  const { mint, interval, compare = '' } = (value ?? {}) as Partial<ChartChoice>
  return isMint(mint) && isInterval(interval) && isMint(compare)
}

export const isLayout = oneOf<Layout>('one', 'columns', 'rows', 'four')

type Checks<Values> = { [Key in keyof Values]: (value: unknown) => value is Values[Key] }

function indicatorChecks(): Checks<IndicatorPrefs> {
  const checks: Record<string, unknown> = {}
  for (const name of indicatorNames) {
    checks[name] = isFlag
    const key = periodKey(name)
    if (key) checks[key] = isPeriod
    const more = moreKey(name)
    if (more) checks[more] = areMore
  }
  return checks as Checks<IndicatorPrefs>
}

const checks: Checks<PrefValues> = {
  ...indicatorChecks(),
  theme: oneOf('auto', 'dark', 'light'),
  colours: oneOf('green-red', 'blue-orange'),
  chart: oneOf('candles', 'heikin', 'line', 'area'),
  volume: isFlag,
  volumePaid: isFlag,
  volumeDelta: isFlag,
  log: isFlag,
  percent: isFlag,
  worth: oneOf('price', 'cap'),
  money: oneOf('quote', 'usd'),
  zone: oneOf('local', 'utc'),
  pictures: isFlag,
  gapMarks: isFlag,
  vwapWeek: isFlag,
  vwapFrom: (value): value is PickedCandle[] =>
    Array.isArray(value) && value.length <= MAX_PICKED && value.every(isPicked),
  bands: isFlag,
  liquidations: isFlag,
  largeTrades: isFlag,
  drawTools: isFlag,
  magnet: isFlag,
  charts: (value): value is ChartChoice[] =>
    Array.isArray(value) && value.length <= MAX_CHARTS && value.every(isChoice),
  layout: isLayout,
  focus: isPlace,
  lastPlace: isPlace,
  splitX: within(SPLIT),
  splitY: within(SPLIT),
  crossSync: isFlag,
  linkCoin: isFlag,
  linkTime: isFlag,
  span: oneOf(...CHANGE_SPANS),
  figure: oneOf(...FIGURES),
  tab: oneOf(...LIST_TABS),
  sort: isListSort,
  sparks: isFlag,
  side: oneOf('trades', 'orders', 'wallets', 'info', 'alerts'),
  ordersBy: oneOf(...ORDER_SORTS),
  ordersBack: isFlag,
  connect: oneOf('node', 'python', 'go', 'curl', 'frames'),
  favourites: (value): value is string[] => Array.isArray(value) && value.every(isText),
  wallets: (value): value is Wallet[] => Array.isArray(value) && value.length <= MAX_WALLETS && value.every(isWallet),
  tour: oneOf('new', 'due', 'shown'),
  filter: isListFilter,
  alertsSeen: within([0, Number.MAX_SAFE_INTEGER]),
  sound: isFlag,
  loudness: within([0, 100]),
  left: within(PANES.left),
  right: within(PANES.right),
}

const defaults: PrefValues = {
  theme: 'auto',
  colours: 'green-red',
  chart: 'candles',
  volume: true,
  volumePaid: false,
  volumeDelta: false,
  log: false,
  percent: false,
  worth: 'price',
  money: 'quote',
  zone: 'local',
  pictures: true,
  gapMarks: true,
  vwapWeek: false,
  vwapFrom: [],
  ...indicatorDefaults(),
  bands: true,
  liquidations: true,
  largeTrades: false,
  drawTools: false,
  magnet: false,
  charts: [],
  layout: 'one',
  focus: 0,
  lastPlace: 0,
  splitX: 50,
  splitY: 50,
  crossSync: true,
  linkCoin: false,
  linkTime: false,
  tab: 'top',
  sort: '',
  sparks: true,
  span: 'h24',
  figure: 'last',
  side: 'trades',
  ordersBy: 'distance',
  ordersBack: false,
  connect: 'node',
  favourites: [],
  wallets: [],
  tour: 'new',
  filter: NO_FILTER,
  alertsSeen: 0,
  sound: false,
  loudness: 50,
  left: 264,
  right: 268,
}

/** Reports whether a choice of this name exists and can be this. */
export function isPref(key: string, value: unknown): boolean {
  return Object.hasOwn(checks, key) && checks[key as keyof PrefValues](value)
}

/** Keeps only what is known and valid; anything else falls back to its default. */
export function readPrefs(text: string | null): PrefValues {
  return validPrefs(readObject(text))
}

function readObject(text: string | null | undefined): object {
  try {
    const stored: unknown = JSON.parse(text ?? '{}')
    return typeof stored === 'object' && stored !== null ? stored : {}
  } catch {
    return {}
  }
}

function validPrefs(stored: object): PrefValues {
  const values: Record<string, unknown> = { ...defaults }
  for (const [key, check] of Object.entries(checks)) {
    const value = (stored as Record<string, unknown>)[key]
    if (check(value)) values[key] = value
  }
  return values as unknown as PrefValues
}

/** What the person chose, kept in this browser and shared by its windows, but for what is each window's own. */
export class Prefs {
  values: PrefValues
  /** What a further window of the app has for itself stands under this. */
  readonly #ownKey: string

  constructor(
    private readonly storage: Pick<Storage, 'getItem' | 'setItem'> | null,
    place = 1,
  ) {
    this.#ownKey = place > 1 ? `${KEY}.${place}` : KEY
    this.values = $state(validPrefs({ ...this.#stored(KEY), ...this.#stored(this.#ownKey) }))
  }

  set<Key extends keyof PrefValues>(key: Key, value: PrefValues[Key]): void {
    this.setAll({ [key]: value })
  }

  /** Chooses the other of two. */
  toggle(key: Flag): void {
    this.set(key, !this.values[key])
  }

  /** Takes over every choice that is valid, and keeps them. */
  setAll(values: Partial<PrefValues>): void {
    const valid = Object.entries(values).filter(([key, value]) => isPref(key, value))
    if (valid.length === 0) return
    Object.assign(this.values, Object.fromEntries(valid))
    // Another window may have kept another choice since.
    const own = (key: string) => OWN.has(key) && this.#ownKey !== KEY
    this.#keep(KEY, Object.fromEntries(valid.filter(([key]) => !own(key))))
    this.#keep(this.#ownKey, Object.fromEntries(valid.filter(([key]) => own(key))))
  }

  /** Another window has kept something: what is not each window's own holds here too. */
  kept(key: string | null): void {
    if (key !== KEY) return
    const now = validPrefs(this.#stored(KEY))
    Object.assign(this.values, Object.fromEntries(Object.entries(now).filter(([name]) => !OWN.has(name))))
  }

  toggleFavourite(mint: string): void {
    const known = this.values.favourites
    this.set('favourites', known.includes(mint) ? known.filter((other) => other !== mint) : [...known, mint])
  }

  #keep(key: string, values: object): void {
    if (Object.keys(values).length === 0) return
    try {
      this.storage?.setItem(key, JSON.stringify({ ...this.#stored(key), ...values }))
    } catch {
      // A full or forbidden storage only means that the choice is forgotten.
    }
  }

  #stored(key: string): object {
    try {
      return readObject(this.storage?.getItem(key))
    } catch {
      return {}
    }
  }
}
