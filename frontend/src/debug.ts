import type { Bar } from './market/candle'
import type { Workspace } from './state/workspace.svelte'

/** What tests and curious people read as window.__spinscope. */
export interface DebugView {
  readonly mint: string
  readonly interval: string
  readonly phase: string
  readonly link: string
  readonly last: Bar | undefined
  readonly bars: number
  readonly seq: number
  readonly updates: number
  readonly candles: Bar[]
  /** The last price, as the label at the axis says it. */
  readonly lastLabel: string
  /** From one bar to the next, in CSS pixels. */
  readonly barSpacing: number
  /** Where a price stands, in CSS pixels from the chart's top. */
  heightOf(price: number): number
  /** How often the sound of alerts was to be heard. */
  readonly sounds: number
  /** Reads the page before the oldest bar. */
  older(): Promise<void>
}

export function debugView(workspace: Workspace): DebugView {
  const market = () => workspace.market
  return {
    get mint() {
      return market().mint
    },
    get interval() {
      return market().interval
    },
    get phase() {
      return market().phase
    },
    get link() {
      return workspace.connection.link
    },
    get last() {
      return market().series.last
    },
    get bars() {
      return market().series.length
    },
    get seq() {
      return market().series.seq
    },
    get updates() {
      return market().updates
    },
    get candles() {
      return market().series.bars
    },
    get lastLabel() {
      return workspace.chart.controls?.lastLabel ?? ''
    },
    get barSpacing() {
      return workspace.chart.controls?.barSpacing ?? NaN
    },
    heightOf: (price) => workspace.chart.controls?.heightOf(price) ?? NaN,
    get sounds() {
      return workspace.sound.asked
    },
    older: () => market().loadOlder(),
  }
}
