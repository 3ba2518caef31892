import type { ChartTheme } from './theme'

/** Device pixels a CSS pixel that a saved picture has at least. */
export const SHARP = 2

/** What stands over a saved chart. */
export interface Caption {
  /** Whose prices, and how long a bar is. */
  title: string
  /** That the market is no real one; else empty. */
  tag: string
  /** Range, time, last price, program and mint. */
  lines: readonly string[]
}

const EDGE = 12
const LINE = 16
const HEAD = 24

/**
 * Runs something as if the screen had so many device pixels a CSS pixel. A chart that is made meanwhile draws its canvases
 * so; nothing else may happen in between, so that it does not wait for anything.
 */
export function asSharpAs<T>(ratio: number, run: () => T): T {
  const own = Object.getOwnPropertyDescriptor(window, 'devicePixelRatio')
  Object.defineProperty(window, 'devicePixelRatio', { configurable: true, get: () => ratio })
  try {
    return run()
  } finally {
    if (own) Object.defineProperty(window, 'devicePixelRatio', own)
    else Reflect.deleteProperty(window, 'devicePixelRatio')
  }
}

/** The chart with its caption over it. `width` is the chart's in CSS pixels. */
export function captioned(
  chart: HTMLCanvasElement,
  width: number,
  caption: Caption,
  theme: ChartTheme,
): HTMLCanvasElement {
  const ratio = chart.width / width
  const head = EDGE + HEAD + caption.lines.length * LINE + EDGE / 2
  const canvas = document.createElement('canvas')
  ;[canvas.width, canvas.height] = [chart.width, chart.height + Math.round(head * ratio)]
  const context = canvas.getContext('2d')
  if (!context) return chart
  context.fillStyle = theme.background
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(chart, 0, Math.round(head * ratio))

  context.scale(ratio, ratio)
  context.textBaseline = 'middle'
  const room = width - 2 * EDGE
  context.fillStyle = theme.strong
  context.font = `600 16px ${theme.font}`
  context.fillText(caption.title, EDGE, EDGE + HEAD / 2 - 2, room)
  if (caption.tag) {
    const left = EDGE + Math.min(room, context.measureText(caption.title).width) + 12
    context.fillStyle = theme.caution
    context.font = `600 12px ${theme.font}`
    context.fillText(caption.tag, left, EDGE + HEAD / 2 - 1, Math.max(1, width - left - EDGE))
  }
  context.fillStyle = theme.text
  context.font = `11px ${theme.font}`
  caption.lines.forEach((line, i) => context.fillText(line, EDGE, EDGE + HEAD + (i + 0.5) * LINE, room))
  return canvas
}
