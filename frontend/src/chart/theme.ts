import { type IndicatorName, indicatorNames } from '../market/indicator'

/** The colours of the canvas, resolved from the page's tokens: a canvas knows no CSS variables. */
export interface ChartTheme {
  background: string
  text: string
  /** Of what matters most. */
  strong: string
  grid: string
  cross: string
  label: string
  up: string
  down: string
  upOpen: string
  downOpen: string
  upVolume: string
  downVolume: string
  line: string
  areaTop: string
  areaBottom: string
  caution: string
  /** Of the lines over the candles. */
  indicators: Record<IndicatorName, string>
  liquidation: string
  alert: string
  /** Of what a person drew. */
  drawing: string
  longBand: string
  longBar: string
  shortBand: string
  shortBar: string
  watermark: string
  gap: string
  gapLost: string
  font: string
}

const TOKENS: Record<Exclude<keyof ChartTheme, 'indicators'>, string> = {
  background: '--chart-bg',
  text: '--chart-text',
  strong: '--text',
  grid: '--chart-grid',
  cross: '--chart-cross',
  label: '--chart-label',
  up: '--chart-up',
  down: '--chart-down',
  upOpen: '--chart-up-open',
  downOpen: '--chart-down-open',
  upVolume: '--chart-up-volume',
  downVolume: '--chart-down-volume',
  line: '--chart-line',
  areaTop: '--chart-area-top',
  areaBottom: '--chart-area-bottom',
  caution: '--caution',
  liquidation: '--chart-liquidation',
  alert: '--chart-alert',
  drawing: '--chart-drawing',
  longBand: '--chart-long-band',
  longBar: '--chart-long-bar',
  shortBand: '--chart-short-band',
  shortBar: '--chart-short-bar',
  watermark: '--chart-watermark',
  gap: '--chart-gap',
  gapLost: '--chart-gap-lost',
  font: '--font',
}

export function readTheme(element: Element): ChartTheme {
  const style = getComputedStyle(element)
  return resolve((token) => style.getPropertyValue(token).trim())
}

/** The same for what the page itself draws, which knows CSS variables: it follows the theme by itself. */
export function pageTheme(): ChartTheme {
  return resolve((token) => `var(${token})`)
}

function resolve(read: (token: string) => string): ChartTheme {
  const values = Object.entries(TOKENS).map(([name, token]) => [name, read(token)])
  const indicators = Object.fromEntries(indicatorNames.map((name) => [name, read(`--chart-${name}`)]))
  return { ...Object.fromEntries(values), indicators } as ChartTheme
}
