import { DrawingBook } from '../market/drawing/book'
import {
  type Anchor,
  type Drawing,
  keptOf,
  MAX_COINS,
  MAX_DRAWINGS,
  readDrawings,
  type Tool,
  TOOLS,
} from '../market/drawing/drawing'
import type { Toasts } from './toasts.svelte'

/** What is kept of a coin stands under this and its mint. */
const PREFIX = 'spinscope.drawings.'

type Kept = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>

/** A chart's hand: what only the chart under the keys can do. */
export interface Hand {
  /** Sets a point where the crosshair stands. */
  place(): void
  /** Gives up what is being drawn; false when nothing is. */
  drop(): boolean
}

/** What was drawn over the coins, kept in this browser, and what the person draws with. */
export class Drawings {
  /** Empty: nothing is being drawn. */
  tool = $state<Tool | ''>('')
  /** Id of the drawing that keys and the card are about; 0 for none. */
  selected = $state(0)
  /** The drawings of each coin that was looked at. */
  #books = new Map<string, DrawingBook>()
  #lists = $state.raw<Readonly<Record<string, readonly Drawing[]>>>({})
  #ids = 0
  /** Of the focused chart. */
  hand: Hand | undefined

  constructor(
    private readonly storage: Kept | null,
    private readonly toasts: Pick<Toasts, 'show'>,
    private readonly now: () => number = Date.now,
    /** Hears of each drawing that was changed or removed. */
    private readonly changed: (mint: string, before: Drawing, after: Drawing | undefined) => void = () => undefined,
  ) {}

  /** Those of a coin, in the order in which they were drawn. */
  of(mint: string): readonly Drawing[] {
    return this.#lists[mint] ?? []
  }

  /** Reads what is kept of a coin. */
  open(mint: string): void {
    if (mint && !this.#books.has(mint)) this.#read(mint)
  }

  /** Another window has kept something else of a coin: it holds here too. */
  kept(key: string | null): void {
    const mint = key?.startsWith(PREFIX) ? key.slice(PREFIX.length) : ''
    if (this.#books.has(mint)) this.#read(mint)
  }

  /** Chooses a tool, or lays it aside when it is the one in hand. */
  pick(tool: Tool): void {
    this.hand?.drop()
    this.selected = 0
    this.tool = this.tool === tool ? '' : tool
  }

  /** Adds a drawing and selects it; the tool has done its work. */
  add(mint: string, kind: Drawing['kind'], points: readonly Anchor[], text = ''): void {
    this.tool = ''
    const drawing = { id: ++this.#ids, kind, points, text }
    if (!this.#book(mint).put(drawing)) {
      this.toasts.show('bad', `This coin has ${MAX_DRAWINGS} drawings, the most that are kept: remove one first.`)
      return
    }
    this.selected = drawing.id
    this.#changed(mint)
  }

  /** Puts a drawing in the place of the one with its id. */
  change(mint: string, drawing: Drawing): void {
    if (this.#book(mint).put(drawing)) this.#changed(mint)
  }

  /** Removes the selected drawing. */
  remove(mint: string): void {
    if (!this.#book(mint).remove(this.selected)) return
    this.selected = 0
    this.#changed(mint)
  }

  /** Removes all drawings of a coin. */
  clear(mint: string): void {
    const { length } = this.of(mint)
    if (!this.#book(mint).clear()) return
    this.selected = 0
    this.#changed(mint)
    this.toasts.show('info', `${length} ${length === 1 ? 'drawing' : 'drawings'} removed; Ctrl+Z brings them back.`)
  }

  undo(mint: string): void {
    if (this.#book(mint).undo()) this.#changed(mint)
  }

  redo(mint: string): void {
    if (this.#book(mint).redo()) this.#changed(mint)
  }

  /** Selects the next drawing of a coin, after the last none. */
  next(mint: string): void {
    const list = this.of(mint)
    this.tool = ''
    this.selected = list[list.findIndex(({ id }) => id === this.selected) + 1]?.id ?? 0
  }

  /** Gives up the tool, what is being drawn, or the selection; false when there is nothing of it. */
  cancel(): boolean {
    if (this.hand?.drop() || this.tool) {
      this.tool = ''
      return true
    }
    const was = this.selected !== 0
    this.selected = 0
    return was
  }

  /** What the tool in hand asks for; '' without one. */
  get hint(): string {
    return this.tool && `${TOOLS[this.tool].words}: ${TOOLS[this.tool].hint}`
  }

  #book(mint: string): DrawingBook {
    return this.#books.get(mint) ?? this.#read(mint)
  }

  #read(mint: string): DrawingBook {
    let stored: unknown
    try {
      stored = JSON.parse(this.storage?.getItem(PREFIX + mint) ?? '{}')
    } catch {
      stored = {}
    }
    const list = readDrawings((stored as { drawings?: unknown } | null)?.drawings, () => ++this.#ids)
    const book = new DrawingBook(list)
    this.#books.set(mint, book)
    this.#show(mint)
    return book
  }

  #show(mint: string): void {
    const list = this.#books.get(mint)?.list ?? []
    this.#lists = { ...this.#lists, [mint]: list }
    if (this.selected && !Object.values(this.#lists).some((one) => one.some(({ id }) => id === this.selected)))
      this.selected = 0
  }

  #changed(mint: string): void {
    const before = this.of(mint)
    this.#show(mint)
    const list = this.of(mint)
    for (const one of before) {
      const after = list.find(({ id }) => id === one.id)
      if (after !== one) this.changed(mint, one, after)
    }
    try {
      if (list.length === 0) this.storage?.removeItem(PREFIX + mint)
      else {
        this.#makeRoom(mint)
        this.storage?.setItem(PREFIX + mint, JSON.stringify({ at: this.now(), drawings: list.map(keptOf) }))
      }
    } catch {
      this.toasts.show('bad', 'The drawings are not kept: there is no room for them. They go with this page.')
    }
  }

  /** One coin more has drawings: the one whose drawings rested longest gives way when they are too many. */
  #makeRoom(mint: string): void {
    const { storage } = this
    if (!storage || storage.getItem(PREFIX + mint) !== null) return
    const keys = Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? '')
    const coins = keys.filter((key) => key.startsWith(PREFIX))
    if (coins.length < MAX_COINS) return

    const oldest = coins.reduce((a, b) => (keptAt(storage.getItem(b)) < keptAt(storage.getItem(a)) ? b : a))
    storage.removeItem(oldest)
    this.toasts.show(
      'info',
      `${MAX_COINS} coins have drawings, the most that are kept: those of ${oldest.slice(PREFIX.length)}, which rested longest, went.`,
    )
  }
}

function keptAt(text: string | null): number {
  try {
    return Number((JSON.parse(text ?? '{}') as { at?: unknown }).at) || 0
  } catch {
    return 0
  }
}
