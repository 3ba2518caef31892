import type { DrawingLayer, Measured } from '../../../chart/drawings'
import type { Plane } from '../../../chart/plane'
import type { AlertLevel } from '../../../market/alert'
import {
  type Anchor,
  type Drawing,
  type DrawingKind,
  isAnchor,
  type Tool,
  TOOLS,
} from '../../../market/drawing/drawing'
import { rulerText } from '../../../market/drawing/ruler'
import { type Point, REACH } from '../../../market/drawing/shape'
import type { Drawings, Hand } from '../../../state/drawings.svelte'

/** A press that went no farther is a click, in CSS pixels. */
const CLICK = 4
/** How near to a price of its candle the magnet takes a point, in CSS pixels. */
const MAGNET = 14
/** How much more a finger means than a pointer, in CSS pixels. */
const FINGER = 8

/** What a hand asks of its chart. */
export interface HandOf {
  mint(): string
  magnet(): boolean
  /** Where the crosshair stands; undefined while there is none. */
  cross(): Anchor | undefined
  /** A text is to be written at a place. */
  write(at: Anchor): void
  /** The lines of alerts that can be moved. */
  levels(): readonly AlertLevel[]
  /** The line of an alert is at a price by now. */
  moveLevel(id: string, price: number): void
  /** It is not moved after all. */
  stayLevel(): void
  /** The line of an alert was let go at a price. */
  setLevel(id: string, price: number): void
  /** What is measured, in words; '' for nothing. */
  measured(text: string): void
}

/** A drawing that is being moved, as a whole or by one of its points. */
interface Drag {
  drawing: Drawing
  part: number | 'body'
  from: Point
  moved: Drawing
}

/**
 * Draws with the pointer over one chart, and moves what was drawn. A press that is about a drawing does not reach the chart
 * library: nothing scrolls meanwhile, and its crosshair goes on.
 */
export class PointerHand implements Hand {
  #draft: Drawing | undefined
  #measured: Measured | undefined
  /** The first point of what is measured, while the second is wanted. */
  #ruler: Anchor | undefined
  #drag: Drag | undefined
  /** The line of an alert that is being moved, and where it was pressed; its price once it is elsewhere. */
  #level: { id: string; from: Point; price?: number } | undefined
  /** Where the pointer was pressed for the point that was set last. */
  #pressed: Point | undefined
  /** The press under way is not the library's. */
  #taken = false
  readonly #heard: [EventTarget, string, EventListener, boolean][]

  constructor(
    private readonly host: HTMLElement,
    private readonly plane: Plane,
    private readonly layer: DrawingLayer,
    private readonly drawings: Drawings,
    private readonly of: HandOf,
  ) {
    const stop: EventListener = (event) => {
      if (!this.#taken) return
      event.stopPropagation()
      // A finger scrolls nothing, and the focus stays with a text that is about to be written.
      if (event.cancelable) event.preventDefault()
    }
    this.#heard = [
      [host, 'pointerdown', (event) => this.#press(event as PointerEvent), true],
      [host, 'mousedown', stop, true],
      [host, 'touchstart', stop, true],
      [host, 'pointermove', (event) => this.#hover(event as PointerEvent), true],
      [window, 'pointermove', (event) => this.#move(event as PointerEvent), false],
      [window, 'pointerup', (event) => this.#release(event as PointerEvent), false],
      [window, 'pointercancel', () => this.drop(), false],
    ]
    for (const [target, name, listener, capture] of this.#heard)
      target.addEventListener(name, listener, { capture, passive: false })
  }

  destroy(): void {
    for (const [target, name, listener, capture] of this.#heard) target.removeEventListener(name, listener, { capture })
    this.#cursor('')
  }

  /** Draws what there is now. */
  show(): void {
    const { drawings } = this
    const moved = this.#drag?.moved
    const list = drawings.of(this.of.mint())
    this.layer.set({
      drawings: moved ? list.map((one) => (one.id === moved.id ? moved : one)) : list,
      selected: drawings.selected,
      draft: this.#draft,
      measured: this.#measured,
    })
    this.of.measured(this.#measured?.text ?? '')
  }

  drop(): boolean {
    const was = this.#draft ?? this.#measured ?? this.#drag
    this.#draft = this.#measured = this.#ruler = this.#drag = this.#pressed = undefined
    // An alert stays where it was.
    if (this.#level?.price) this.of.stayLevel()
    this.#level = undefined
    this.#taken = false
    if (was) this.show()
    return was !== undefined
  }

  place(): void {
    const at = this.of.cross()
    if (at && this.drawings.tool) this.#set(this.drawings.tool, at)
  }

  #press(event: PointerEvent): void {
    if (event.button !== 0 || !event.isPrimary) return
    const point = this.#point(event)
    if (!this.#inside(point)) return

    // The press itself takes it from no field.
    if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur()
    const tool = this.drawings.tool || (event.shiftKey ? 'ruler' : '')
    if (tool) {
      const at = this.#anchor(point)
      if (!isAnchor(at)) return
      this.#taken = true
      this.#pressed = point
      this.#set(tool, at)
      return
    }

    if (this.#measured) this.drop()
    const found = this.layer.at(point, event.pointerType === 'touch' ? FINGER : 0)
    this.drawings.selected = found?.drawing.id ?? 0
    if (found) {
      this.#taken = true
      this.#drag = { ...found, from: point, moved: found.drawing }
    } else {
      const level = this.#levelAt(point, event.pointerType === 'touch' ? FINGER : 0)
      if (level) {
        this.#taken = true
        this.#level = { id: level.id, from: point }
      }
    }
    this.show()
  }

  /** Sets the next point of what the tool draws. */
  #set(tool: Tool, at: Anchor): void {
    if (tool === 'ruler') {
      if (this.#ruler) this.#finishRuler(at)
      else this.#measure((this.#ruler = at), at)
    } else if (tool === 'text') {
      this.drawings.tool = ''
      this.of.write(at)
    } else if (TOOLS[tool].points === 1) this.#add(tool, [at])
    else if (this.#draft) this.#finish(at)
    else this.#draft = { id: 0, kind: tool, points: [at, at], text: '' }
    this.show()
  }

  #add(kind: DrawingKind, points: readonly Anchor[]): void {
    this.drawings.add(this.of.mint(), kind, points)
  }

  #finish(at: Anchor): void {
    const [first] = this.#draft?.points ?? []
    const kind = this.#draft?.kind
    if (!first || !kind || (first.time === at.time && first.price === at.price)) return
    this.#draft = undefined
    this.#add(kind, [first, at])
  }

  #measure(from: Anchor, to: Anchor): void {
    this.#measured = { from, to, text: rulerText(from, to, this.plane.between(from.time, to.time)) }
  }

  #finishRuler(at: Anchor): void {
    if (this.#ruler) this.#measure(this.#ruler, at)
    this.#ruler = undefined
    this.drawings.tool = ''
  }

  /** The pointer is over the chart: what has one end takes the other along, and what can be taken is shown. */
  #hover(event: PointerEvent): void {
    const point = this.#point(event)
    if (this.#draft || this.#ruler) {
      this.#stretch(this.#anchor(point))
      return
    }
    if (this.#drag || this.#level) return
    const found =
      !this.drawings.tool && !event.shiftKey && this.#inside(point)
        ? (this.layer.at(point, 0) ?? this.#levelAt(point, 0))
        : undefined
    this.#cursor(this.drawings.tool || event.shiftKey ? 'draw' : found ? 'take' : '')
  }

  #stretch(at: Anchor): void {
    if (!isAnchor(at)) return
    const [first] = this.#draft?.points ?? []
    if (this.#draft && first) this.#draft = { ...this.#draft, points: [first, at] }
    else if (this.#ruler) this.#measure(this.#ruler, at)
    this.show()
  }

  #levelAt(point: Point, slack: number): AlertLevel | undefined {
    return this.of.levels().find(({ price }) => Math.abs(this.plane.y(price) - point.y) <= REACH.line + slack)
  }

  #move(event: PointerEvent): void {
    const level = this.#level
    if (level && (level.price || far(level.from, this.#point(event)) >= CLICK)) {
      const price = this.plane.price(this.#point(event).y)
      if (price > 0) this.of.moveLevel(level.id, (level.price = price))
    }
    const drag = this.#drag
    if (!drag) return
    const to = this.#point(event)
    if (drag.moved === drag.drawing && far(drag.from, to) < CLICK) return
    drag.moved = this.#moved(drag, to)
    this.show()
  }

  #release(event: PointerEvent): void {
    const [drag, pressed, level] = [this.#drag, this.#pressed, this.#level]
    this.#drag = this.#pressed = this.#level = undefined
    this.#taken = false
    if (level?.price) this.of.setLevel(level.id, level.price)
    if (drag && drag.moved !== drag.drawing) this.drawings.change(this.of.mint(), drag.moved)
    if (pressed && (this.#draft || this.#ruler) && far(pressed, this.#point(event)) >= CLICK) {
      const at = this.#anchor(this.#point(event))
      if (isAnchor(at)) {
        if (this.#ruler) this.#finishRuler(at)
        else this.#finish(at)
      }
    }
    if (drag || pressed) this.show()
  }

  #moved({ drawing, part, from, moved }: Drag, to: Point): Drawing {
    const points = drawing.points.map((one, i) => {
      if (part === i) return this.#anchor(to)
      if (part !== 'body') return one
      const [dx, dy] = [to.x - from.x, to.y - from.y]
      const time =
        Math.abs(dx) < CLICK || drawing.kind === 'level' ? one.time : this.plane.time(this.plane.x(one.time) + dx)
      return { time, price: this.plane.price(this.plane.y(one.price) + dy) }
    })
    return points.every(isAnchor) ? { ...drawing, points } : moved
  }

  #point({ clientX, clientY }: PointerEvent): Point {
    const { left, top } = this.host.getBoundingClientRect()
    return { x: clientX - left, y: clientY - top }
  }

  #inside({ x, y }: Point): boolean {
    const { width, height } = this.plane.size
    return x >= 0 && y >= 0 && x < width && y < height
  }

  #anchor({ x, y }: Point): Anchor {
    const time = this.plane.time(x)
    const bar = this.of.magnet() ? this.plane.bar(time) : undefined
    const prices = bar ? [bar.open, bar.high, bar.low, bar.close] : []
    const near = prices
      .map((price) => ({ price, away: Math.abs(this.plane.y(price) - y) }))
      .reduce((best, one) => (one.away < best.away ? one : best), { price: NaN, away: MAGNET })
    return { time, price: near.price > 0 ? near.price : this.plane.price(y) }
  }

  /** The pointer says what a press would do. */
  #cursor(kind: 'draw' | 'take' | ''): void {
    this.host.dataset['cursor'] = kind
  }
}

function far(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y)
}
