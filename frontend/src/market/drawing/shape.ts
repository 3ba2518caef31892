import { type Anchor, type Drawing, FIB_LEVELS, fibPrice } from './drawing'

/** In CSS pixels from the chart's upper left corner. */
export interface Point {
  x: number
  y: number
}

export interface Size {
  width: number
  height: number
}

export interface Stroke {
  from: Point
  to: Point
  /** Only a help for the eye. */
  faint: boolean
}

export interface Label {
  at: Point
  text: string
  /** Which of its edges stands at the place. */
  align: 'left' | 'right'
}

/** How a drawing looks at one moment. */
export interface Shape {
  strokes: readonly Stroke[]
  labels: readonly Label[]
  /** Where each of its points can be taken. */
  handles: readonly Point[]
}

/** How times and prices come to the canvas, and prices into words. */
export interface Projection {
  /** NaN for what cannot be placed. */
  x(time: number): number
  y(price: number): number
  /** A price as the axis writes it. */
  priceText(price: number): string
  readonly size: Size
}

/** Height of a text, and its width by letter: what a press on it must meet. */
const LETTER = { width: 6.5, height: 16 }

/** How far from a handle and from a line a press still means it, in CSS pixels. */
export const REACH = { handle: 7, line: 5 } as const

/** How the drawing looks; undefined where it cannot be placed. */
export function shapeOf(
  { kind, points, text }: Pick<Drawing, 'kind' | 'points' | 'text'>,
  on: Projection,
): Shape | undefined {
  const at = ({ time, price }: Anchor): Point => ({ x: on.x(time), y: on.y(price) })
  const handles = points.map(at)
  const [first, second] = handles
  if (!first || handles.some(({ x, y }) => !Number.isFinite(x) || !Number.isFinite(y))) return undefined

  const { width } = on.size
  switch (kind) {
    case 'level': {
      const price = points[0]?.price ?? NaN
      const strokes = [{ from: { x: 0, y: first.y }, to: { x: width, y: first.y }, faint: false }]
      return {
        strokes,
        labels: [{ at: { x: width - 4, y: first.y - 8 }, text: on.priceText(price), align: 'right' }],
        handles,
      }
    }
    case 'text':
      return { strokes: [], labels: [{ at: { x: first.x + 8, y: first.y }, text, align: 'left' }], handles }
    case 'trend':
      return { strokes: second ? [{ from: first, to: second, faint: false }] : [], labels: [], handles }
    case 'ray':
      return {
        strokes: second ? [{ from: first, to: beyond(first, second, on.size), faint: false }] : [],
        labels: [],
        handles,
      }
    case 'fib':
      return second ? { ...retracement(points, [first, second], on), handles } : { strokes: [], labels: [], handles }
  }
}

function retracement(
  points: readonly Anchor[],
  [first, second]: [Point, Point],
  on: Projection,
): Omit<Shape, 'handles'> {
  const [from, to] = points
  if (!from || !to) return { strokes: [], labels: [] }
  const [left, right] = [Math.min(first.x, second.x), Math.max(first.x, second.x)]
  const strokes: Stroke[] = [{ from: first, to: second, faint: true }]
  const labels: Label[] = []
  for (const level of FIB_LEVELS) {
    const price = fibPrice([from, to], level)
    const y = on.y(price)
    if (!Number.isFinite(y)) continue
    strokes.push({ from: { x: left, y }, to: { x: right, y }, faint: false })
    labels.push({ at: { x: left, y: y - 7 }, text: `${level} · ${on.priceText(price)}`, align: 'left' })
  }
  return { strokes, labels }
}

/** Where a ray from one point through another leaves the canvas; the second where both are the same. */
export function beyond(from: Point, through: Point, { width, height }: Size): Point {
  const [dx, dy] = [through.x - from.x, through.y - from.y]
  if (dx === 0 && dy === 0) return through
  // Far enough to be outside from wherever it begins.
  const edges = [
    dx > 0 ? (width - from.x) / dx : dx < 0 ? -from.x / dx : Infinity,
    dy > 0 ? (height - from.y) / dy : dy < 0 ? -from.y / dy : Infinity,
  ]
  const far = Math.max(1, Math.min(...edges.map((edge) => (edge > 0 ? edge : Infinity))))
  const times = Number.isFinite(far) ? far : 1
  return { x: from.x + dx * times, y: from.y + dy * times }
}

/** What of a shape lies under a point: the place of a handle, its body, or nothing. `slack` widens what a press means. */
export function hit(shape: Shape, point: Point, slack = 0): number | 'body' | undefined {
  const handle = shape.handles.findIndex(({ x, y }) => Math.hypot(point.x - x, point.y - y) <= REACH.handle + slack)
  if (handle >= 0) return handle
  const near = shape.strokes.some((stroke) => distance(stroke, point) <= REACH.line + slack)
  return near || shape.labels.some((label) => on(label, point)) ? 'body' : undefined
}

function on({ at, text, align }: Label, { x, y }: Point): boolean {
  const width = text.length * LETTER.width
  const left = align === 'left' ? at.x : at.x - width
  return x >= left && x <= left + width && Math.abs(y - at.y) <= LETTER.height / 2
}

/** From a point to a stroke, in CSS pixels. */
export function distance({ from, to }: Stroke, { x, y }: Point): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const length = dx * dx + dy * dy
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - from.x) * dx + (y - from.y) * dy) / length))
  return Math.hypot(x - from.x - along * dx, y - from.y - along * dy)
}
