import { depth, type Position, type PositionSide } from '../market/margin'
import { Layer, type Target } from './layer'
import type { ChartTheme } from './theme'

/** The deepest row reaches this share of the pane's width in from the right. */
const REACH = 0.2

/** What lies at one price. */
export interface Band {
  side: PositionSide
  orders: number
  paid: number
  low: number
  high: number
}

/** Liquidation ranges of open orders: a wash over the whole width, and from the right a bar as long as their size. */
export class Bands extends Layer<Position> {
  /** Length of the bar at each row as drawn last, in CSS pixels. */
  #reach: Float64Array = new Float64Array(0)
  #width = 0

  constructor(
    theme: ChartTheme,
    private readonly toY: (price: number) => number | null,
  ) {
    super(theme)
  }

  /** The bar under the pointer. */
  at(x: number, y: number): Band | undefined {
    const reach = this.#reach[Math.floor(y)] ?? 0
    if (reach === 0 || x < this.#width - reach - 3) return undefined
    const hit = this.items.filter(({ low, high }) => {
      const [top, bottom] = [this.toY(high), this.toY(low)]
      return top !== null && bottom !== null && y >= Math.floor(top) && y <= Math.max(bottom, top + 1)
    })
    const [first] = hit
    if (!first) return undefined
    return {
      side: first.side,
      orders: hit.length,
      paid: hit.reduce((sum, one) => sum + one.paid, 0),
      low: Math.min(...hit.map((one) => one.low)),
      high: Math.max(...hit.map((one) => one.high)),
    }
  }

  protected override clear(): void {
    this.#reach = new Float64Array(0)
  }

  protected override draw(target: Target): void {
    this.clear()
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      const height = Math.floor(mediaSize.height)
      const sides = (['long', 'short'] as const).map((side) => [side, this.#rows(side, height)] as const)
      const deepest = Math.max(...sides.map(([, rows]) => rows.reduce((most, size) => Math.max(most, size), 0)))
      this.#width = mediaSize.width
      if (!(deepest > 0)) return
      this.#reach = new Float64Array(height)
      for (const [side, rows] of sides) {
        const colours =
          side === 'long' ? [this.theme.longBand, this.theme.longBar] : [this.theme.shortBand, this.theme.shortBar]
        for (let row = 0; row < height;) {
          const size = rows[row] ?? 0
          let end = row + 1
          while (end < height && rows[end] === size) end++
          if (size > 0) {
            const length = Math.max(2, (size / deepest) * REACH * mediaSize.width)
            context.fillStyle = colours[0] ?? ''
            context.fillRect(0, row, mediaSize.width, end - row)
            context.fillStyle = colours[1] ?? ''
            context.fillRect(mediaSize.width - length, row, length, end - row)
            this.#reach.fill(length, row, end)
          }
          row = end
        }
      }
    })
  }

  #rows(side: PositionSide, height: number): Float64Array {
    const ranges = []
    for (const { side: own, low, high, paid } of this.items) {
      if (own !== side) continue
      const [top, bottom] = [this.toY(high), this.toY(low)]
      if (top !== null && bottom !== null) ranges.push({ top, bottom, size: paid })
    }
    return depth(ranges, height)
  }
}
