/** A place that stays where it is whatever is shown: Unix seconds, and the quote per whole token. */
export interface Anchor {
  time: number
  price: number
}

export type DrawingKind = 'level' | 'trend' | 'ray' | 'fib' | 'text'

/** Something that a person drew over the candles of a coin. It is never changed: another takes its place. */
export interface Drawing {
  /** Of this page's life only. */
  id: number
  kind: DrawingKind
  /** As many as its kind has. */
  points: readonly Anchor[]
  /** What a text says; '' for the other kinds. */
  text: string
}

/** What the person draws with; 'ruler' measures, and nothing of it stays. */
export type Tool = DrawingKind | 'ruler'

interface ToolKind {
  words: string
  /** As in the table of commands. */
  key: string
  points: 1 | 2
  /** What to do first. */
  hint: string
}

/** In the order of the tools. Each has a command `draw-NAME`, and an item in the native menu (app/chartmenu.go). */
export const TOOLS: Record<Tool, ToolKind> = {
  ruler: { words: 'Measure', key: 'alt+m', points: 2, hint: 'drag from one point to another' },
  level: { words: 'Horizontal line', key: 'alt+h', points: 1, hint: 'click at its price' },
  trend: { words: 'Trend line', key: 'alt+t', points: 2, hint: 'click its two ends, or drag' },
  ray: { words: 'Ray', key: 'alt+r', points: 2, hint: 'click where it begins and what it goes through, or drag' },
  fib: { words: 'Fibonacci retracement', key: 'alt+f', points: 2, hint: 'click both ends of the move, or drag' },
  text: { words: 'Text', key: 'alt+n', points: 1, hint: 'click where it stands' },
}

export const TOOL_NAMES = Object.keys(TOOLS) as Tool[]

/** Of a move, where a Fibonacci retracement has its lines: 0 is its end. */
export const FIB_LEVELS = [0, 0.236, 0.382, 0.5, 0.618, 0.786, 1] as const

/** Drawings of one coin at most. */
export const MAX_DRAWINGS = 200
/** Coins with drawings at most. */
export const MAX_COINS = 2000
/** Letters of a text at most. */
export const MAX_TEXT = 120

/** The price at a level of a Fibonacci retracement of a move from one point to the other. */
export function fibPrice([from, to]: readonly [Anchor, Anchor], level: number): number {
  return to.price + (from.price - to.price) * level
}

/** As it is kept: without what holds for this page only. */
export type KeptDrawing = Omit<Drawing, 'id' | 'text'> & { text?: string }

export function keptOf({ kind, points, text }: Drawing): KeptDrawing {
  return text ? { kind, points, text } : { kind, points }
}

/** What was kept of a coin; whatever is no drawing is left out. */
export function readDrawings(stored: unknown, nextId: () => number): Drawing[] {
  if (!Array.isArray(stored)) return []
  return stored.slice(0, MAX_DRAWINGS).flatMap((one: unknown) => {
    const { kind, points, text = '' } = (one ?? {}) as Partial<KeptDrawing>
    const known = typeof kind === 'string' && Object.hasOwn(TOOLS, kind) && (kind as Tool) !== 'ruler'
    if (!known || !Array.isArray(points) || points.length !== TOOLS[kind].points || !points.every(isAnchor)) return []
    if (typeof text !== 'string' || (kind === 'text') !== text.length > 0) return []
    const plain = points.map(({ time, price }: Anchor) => ({ time, price }))
    return [{ id: nextId(), kind, points: plain, text: text.slice(0, MAX_TEXT) }]
  })
}

/** Whether a place can be kept: a price is above 0. */
export function isAnchor(value: unknown): value is Anchor {
  const { time, price } = (value ?? {}) as Partial<Anchor>
  return Number.isFinite(time) && Number.isFinite(price) && (price ?? 0) > 0
}
