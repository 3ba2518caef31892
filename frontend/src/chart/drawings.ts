import type { IPrimitivePaneView, PaneAttachedParameter, Time } from 'lightweight-charts'
import type { Drawing } from '../market/drawing/drawing'
import { hit, type Label, type Point, type Shape, shapeOf } from '../market/drawing/shape'
import type { Target } from './layer'
import type { Overlay, Plane } from './plane'
import type { ChartTheme } from './theme'

/** What is measured: a rectangle from one place to another, and what it says. */
export interface Measured {
  from: Drawing['points'][number]
  to: Drawing['points'][number]
  text: string
}

/** What lies on the canvas. */
export interface Drawn {
  drawings: readonly Drawing[]
  /** Id of the one with handles; 0 for none. */
  selected: number
  /** What is being drawn. */
  draft?: Drawing | undefined
  measured?: Measured | undefined
}

/** Half the side of a handle, in CSS pixels. */
const HANDLE = 3.5
const FONT = 11

/** What a person drew, over the candles. */
export class DrawingLayer implements Overlay {
  #drawn: Drawn = { drawings: [], selected: 0 }
  #attached: PaneAttachedParameter<Time> | undefined
  readonly #views: readonly IPrimitivePaneView[] = [
    { zOrder: () => 'top', renderer: () => ({ draw: (target: Target) => this.#draw(target) }) },
  ]

  constructor(private readonly plane: Plane) {}

  on(plane: Plane): DrawingLayer {
    const twin = new DrawingLayer(plane)
    twin.#drawn = { drawings: this.#drawn.drawings, selected: 0 }
    return twin
  }

  attached(given: PaneAttachedParameter<Time>): void {
    this.#attached = given
  }

  detached(): void {
    this.#attached = undefined
  }

  paneViews(): readonly IPrimitivePaneView[] {
    const { drawings, draft, measured } = this.#drawn
    return drawings.length > 0 || draft || measured ? this.#views : []
  }

  /** Draws this, and nothing else. */
  set(drawn: Drawn): void {
    this.#drawn = drawn
    this.#attached?.requestUpdate()
  }

  /** The drawing under a point, the newest first, the selected one before all others; and which of its handles. */
  at(point: Point, slack: number): { drawing: Drawing; part: number | 'body' } | undefined {
    const { drawings, selected } = this.#drawn
    const first = drawings.find(({ id }) => id === selected)
    for (const drawing of [...(first ? [first] : []), ...[...drawings].reverse()]) {
      const shape = shapeOf(drawing, this.plane)
      const part = shape && hit(shape, point, slack)
      if (part !== undefined) return { drawing, part }
    }
    return undefined
  }

  #draw(target: Target): void {
    const { drawings, selected, draft, measured } = this.#drawn
    const { theme, size } = this.plane
    target.useMediaCoordinateSpace(({ context }) => {
      context.font = `${FONT}px ${theme.font}`
      context.textBaseline = 'middle'
      for (const drawing of draft ? [...drawings, draft] : drawings) {
        const shape = shapeOf(drawing, this.plane)
        if (!shape || !inSight(shape, size)) continue
        drawShape(context, shape, theme, drawing.id === selected || drawing === draft)
      }
      if (measured) this.#ruler(context, measured, theme)
    })
  }

  #ruler(context: CanvasRenderingContext2D, { from, to, text }: Measured, theme: ChartTheme): void {
    const [left, right] = [this.plane.x(from.time), this.plane.x(to.time)]
    const [start, end] = [this.plane.y(from.price), this.plane.y(to.price)]
    const colour = to.price >= from.price ? theme.up : theme.down
    context.globalAlpha = 0.14
    context.fillStyle = colour
    context.fillRect(left, start, right - left, end - start)
    context.globalAlpha = 1
    context.strokeStyle = colour
    context.lineWidth = 1
    context.strokeRect(left, start, right - left, end - start)

    const width = context.measureText(text).width + 12
    const { size } = this.plane
    const x = Math.max(2, Math.min(size.width - width - 2, (left + right - width) / 2))
    const y = Math.max(12, Math.min(size.height - 12, end + (end <= start ? -14 : 14)))
    context.fillStyle = theme.label
    context.beginPath()
    context.roundRect(x, y - 10, width, 20, 3)
    context.fill()
    context.fillStyle = LABEL_TEXT
    context.fillText(text, x + 6, y)
  }
}

/** On a label's ground, which is dark in both themes. */
const LABEL_TEXT = '#ffffff'

function inSight({ strokes, labels, handles }: Shape, { width, height }: { width: number; height: number }): boolean {
  const points = [...strokes.flatMap(({ from, to }) => [from, to]), ...labels.map(({ at }) => at), ...handles]
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)]
  const label = labels.length > 0 ? 300 : 0
  return (
    Math.max(...xs) >= -label &&
    Math.min(...xs) <= width + label &&
    Math.max(...ys) >= -20 &&
    Math.min(...ys) <= height + 20
  )
}

function drawShape(context: CanvasRenderingContext2D, shape: Shape, theme: ChartTheme, chosen: boolean): void {
  context.strokeStyle = theme.drawing
  context.fillStyle = theme.drawing
  for (const { from, to, faint } of shape.strokes) {
    context.lineWidth = chosen && !faint ? 2 : 1
    context.globalAlpha = faint ? 0.5 : 1
    context.setLineDash(faint ? [4, 4] : [])
    context.beginPath()
    context.moveTo(from.x, from.y)
    context.lineTo(to.x, to.y)
    context.stroke()
  }
  context.setLineDash([])
  context.globalAlpha = 1
  for (const label of shape.labels) drawLabel(context, label, theme)
  if (!chosen) return
  context.lineWidth = 1.5
  for (const { x, y } of shape.handles) {
    context.fillStyle = theme.background
    context.beginPath()
    context.rect(x - HANDLE, y - HANDLE, 2 * HANDLE, 2 * HANDLE)
    context.fill()
    context.stroke()
  }
}

/** With the ground around its letters, so that it is read over candles. */
function drawLabel(context: CanvasRenderingContext2D, { at, text, align }: Label, theme: ChartTheme): void {
  context.textAlign = align
  context.lineJoin = 'round'
  const [colour, width] = [context.strokeStyle, context.lineWidth]
  context.strokeStyle = theme.background
  context.lineWidth = 3
  context.strokeText(text, at.x, at.y)
  ;[context.strokeStyle, context.lineWidth] = [colour, width]
  context.fillStyle = theme.drawing
  context.fillText(text, at.x, at.y)
  context.textAlign = 'left'
}
