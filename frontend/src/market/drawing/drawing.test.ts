import { describe, expect, it } from 'vitest'
import { DrawingBook } from './book'
import { type Drawing, fibPrice, keptOf, MAX_DRAWINGS, MAX_TEXT, readDrawings } from './drawing'
import { lengthText, rulerText } from './ruler'
import { beyond, distance, hit, type Projection, shapeOf } from './shape'

/** A second is a pixel, and so is a price, upwards. */
const on: Projection = {
  x: (time) => time,
  y: (price) => 100 - price,
  priceText: (price) => `[${price}]`,
  size: { width: 200, height: 100 },
}

const draw = (kind: Drawing['kind'], points: [number, number][], text = ''): Drawing => ({
  id: 1,
  kind,
  points: points.map(([time, price]) => ({ time, price })),
  text,
})

describe('shapes', () => {
  it('draws a horizontal line over the whole width, with its price at the right', () => {
    const shape = shapeOf(draw('level', [[50, 40]]), on)
    expect(shape?.strokes).toEqual([{ from: { x: 0, y: 60 }, to: { x: 200, y: 60 }, faint: false }])
    expect(shape?.labels).toEqual([{ at: { x: 196, y: 52 }, text: '[40]', align: 'right' }])
    expect(shape?.handles).toEqual([{ x: 50, y: 60 }])
  })

  it('ends a trend line at its points, and lets a ray go on to the edge', () => {
    const points: [number, number][] = [
      [10, 10],
      [60, 35],
    ]
    expect(shapeOf(draw('trend', points), on)?.strokes[0]?.to).toEqual({ x: 60, y: 65 })
    expect(shapeOf(draw('ray', points), on)?.strokes[0]?.to).toEqual({ x: 190, y: 0 - 0 })
  })

  it.each([
    [
      { x: 10, y: 50 },
      { x: 20, y: 50 },
      { x: 200, y: 50 },
    ],
    [
      { x: 10, y: 50 },
      { x: 5, y: 50 },
      { x: 0, y: 50 },
    ],
    [
      { x: 10, y: 50 },
      { x: 10, y: 40 },
      { x: 10, y: 0 },
    ],
    [
      { x: 10, y: 50 },
      { x: 10, y: 60 },
      { x: 10, y: 100 },
    ],
    [
      { x: 10, y: 50 },
      { x: 10, y: 50 },
      { x: 10, y: 50 },
    ],
  ])('a ray from %j through %j leaves at %j', (from, through, want) => {
    const to = beyond(from, through, on.size)
    expect(to.x).toBeCloseTo(want.x)
    expect(to.y).toBeCloseTo(want.y)
  })

  it('a ray never ends before what it goes through', () => {
    // Both points lie outside, the second farther.
    expect(beyond({ x: 300, y: 50 }, { x: 400, y: 50 }, on.size)).toEqual({ x: 400, y: 50 })
  })

  it('has the lines of a Fibonacci retracement between the ends of a move', () => {
    const move = draw('fib', [
      [20, 10],
      [80, 60],
    ])
    const shape = shapeOf(move, on)
    const prices = shape?.strokes.slice(1).map(({ from }) => 100 - from.y)
    expect(prices?.map((price) => Number(price.toFixed(6)))).toEqual([60, 48.2, 40.9, 35, 29.1, 20.7, 10])
    expect(shape?.labels[4]?.text).toMatch(/^0\.618 · \[29\.1/)
    const [from, to] = move.points
    if (!from || !to) throw new Error('no move')
    expect([fibPrice([from, to], 0), fibPrice([from, to], 1)]).toEqual([60, 10])
  })

  it('is nowhere when a price has no place', () => {
    expect(shapeOf(draw('level', [[1, 2]]), { ...on, y: () => NaN })).toBeUndefined()
  })
})

describe('what a press means', () => {
  const trend = shapeOf(
    draw('trend', [
      [10, 90],
      [110, 90],
    ]),
    on,
  )

  it.each([
    [{ x: 10, y: 10 }, 0],
    [{ x: 108, y: 12 }, 1],
    [{ x: 60, y: 14 }, 'body'],
    [{ x: 60, y: 16 }, undefined],
    [{ x: 130, y: 10 }, undefined],
  ])('at %j it is %s', (point, want) => {
    expect(trend && hit(trend, point)).toBe(want)
  })

  it('a finger means more', () => {
    expect(trend && hit(trend, { x: 60, y: 20 }, 8)).toBe('body')
  })

  it('a text is met by its letters', () => {
    const text = shapeOf(draw('text', [[50, 50]], 'support'), on)
    expect(text && hit(text, { x: 80, y: 52 })).toBe('body')
    expect(text && hit(text, { x: 150, y: 52 })).toBeUndefined()
  })

  it('knows how far a point is from a stroke', () => {
    const stroke = { from: { x: 0, y: 0 }, to: { x: 10, y: 0 }, faint: false }
    expect(distance(stroke, { x: 5, y: 3 })).toBe(3)
    expect(distance(stroke, { x: 14, y: 3 })).toBe(5)
    expect(distance({ ...stroke, to: stroke.from }, { x: 3, y: 4 })).toBe(5)
  })
})

describe('the ruler', () => {
  it.each([
    [0, '0s'],
    [42, '42s'],
    [-420, '7m'],
    [12_000, '3h 20m'],
    [187_200, '2d 4h'],
    [86_400, '1d'],
  ])('writes %s seconds as %s', (seconds, want) => {
    expect(lengthText(seconds)).toBe(want)
  })

  it('says change, bars and time', () => {
    expect(rulerText({ time: 0, price: 2e-8 }, { time: 720, price: 2.5e-8 }, 12)).toBe('+25.00% · 12 bars · 12m')
    expect(rulerText({ time: 720, price: 2 }, { time: 660, price: 1 }, -1)).toBe('−50.00% · 1 bar · 1m')
  })
})

describe('what is kept', () => {
  let id = 0
  const next = () => ++id

  it('comes back as it was', () => {
    const list = [
      draw('text', [[1, 2]], 'here'),
      draw('fib', [
        [1, 2],
        [3, 2.795899e-8],
      ]),
    ]
    const read = readDrawings(JSON.parse(JSON.stringify(list.map(keptOf))), next)
    expect(read.map((one) => ({ ...one, id: 1 }))).toEqual(list)
    expect(new Set(read.map((one) => one.id)).size).toBe(2)
  })

  it.each([
    [null],
    ['text'],
    [[{ kind: 'circle', points: [{ time: 1, price: 1 }] }]],
    [[{ kind: 'ruler', points: [{ time: 1, price: 1 }] }]],
    [[{ kind: 'toString', points: [] }]],
    [[{ kind: 'trend', points: [{ time: 1, price: 1 }] }]],
    [[{ kind: 'level', points: [{ time: 1, price: 0 }] }]],
    [[{ kind: 'level', points: [{ time: 'x', price: 1 }] }]],
    [[{ kind: 'text', points: [{ time: 1, price: 1 }] }]],
    [[{ kind: 'level', points: [{ time: 1, price: 1 }], text: 'x' }]],
    [[null]],
  ])('of %j nothing is read', (stored) => {
    expect(readDrawings(stored, next)).toEqual([])
  })

  it('is bounded', () => {
    const one = { kind: 'text', points: [{ time: 1, price: 1 }], text: 'x'.repeat(500) }
    const read = readDrawings(Array(500).fill(one), next)
    expect([read.length, read[0]?.text.length]).toEqual([MAX_DRAWINGS, MAX_TEXT])
  })
})

describe('a book', () => {
  const line = (id: number, price = 1): Drawing => ({ ...draw('level', [[1, price]]), id })
  const ids = (book: DrawingBook) => book.list.map(({ id }) => id)

  it('takes back what was added, moved and removed, and does it again', () => {
    const book = new DrawingBook([])
    book.put(line(1))
    book.put(line(2))
    book.put(line(1, 5))
    book.remove(2)
    expect(ids(book)).toEqual([1])
    expect(book.undo()).toBe(true)
    expect(ids(book)).toEqual([1, 2])
    book.undo()
    expect(book.find(1)?.points[0]?.price).toBe(1)
    book.redo()
    expect(book.find(1)?.points[0]?.price).toBe(5)
    while (book.undo());
    expect(ids(book)).toEqual([])
    expect(book.undo()).toBe(false)
  })

  it('forgets what was taken back once something else is drawn', () => {
    const book = new DrawingBook([line(1)])
    book.clear()
    book.undo()
    book.put(line(2))
    expect(book.redo()).toBe(false)
    expect(ids(book)).toEqual([1, 2])
  })

  it('is full at some time, and changes go on', () => {
    const book = new DrawingBook(Array.from({ length: MAX_DRAWINGS }, (_, i) => line(i + 1)))
    expect(book.put(line(MAX_DRAWINGS + 1))).toBe(false)
    expect(book.put(line(1, 7))).toBe(true)
    expect(book.list.length).toBe(MAX_DRAWINGS)
  })
})
