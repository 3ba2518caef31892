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
  ma: string
  ema: string
  vwap: string
  liquidation: string
  alert: string
  longBand: string
  longBar: string
  shortBand: string
  shortBar: string
  watermark: string
  gap: string
  gapLost: string
  font: string
}

const TOKENS: Record<keyof ChartTheme, string> = {
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
  ma: '--chart-ma',
  ema: '--chart-ema',
  vwap: '--chart-vwap',
  liquidation: '--chart-liquidation',
  alert: '--chart-alert',
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
  const values = Object.entries(TOKENS).map(([name, token]) => [name, style.getPropertyValue(token).trim()])
  return Object.fromEntries(values) as ChartTheme
}
