import { cumulated, depth, type Position, type PositionSide } from '../market/margin'
import { Layer, type Target } from './layer'
import type { ChartTheme } from './theme'

/** The deepest row reaches this share of the pane's width in from the right. */
const REACH = 0.2

/** All that is liquidated in sight reaches as far with its line. */
const LINE_REACH = 0.1

/** What lies at one price. */
export interface Band {
  side: PositionSide
  orders: number
  paid: number
  low: number
  high: number
  /** What is liquidated until the price has come here. */
  until: { orders: number; paid: number }
}

/**
 * Liquidation ranges of open orders: a wash over the whole width, from the right a bar as long as their size, and a line as far as
 * what is liquidated until the price has come there.
 */
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
    const met = this.items.filter((one) => one.side === first.side && this.#met(one, y))
    return {
      side: first.side,
      orders: hit.length,
      paid: hit.reduce((sum, one) => sum + one.paid, 0),
      low: Math.min(...hit.map((one) => one.low)),
      high: Math.max(...hit.map((one) => one.high)),
      until: { orders: met.length, paid: met.reduce((sum, one) => sum + one.paid, 0) },
    }
  }

  /** Whether a price that comes to this height has met the order. */
  #met({ side, low, high }: Position, y: number): boolean {
    const start = this.toY(side === 'long' ? high : low)
    return start !== null && (side === 'long' ? Math.floor(start) <= y : Math.floor(start) >= Math.floor(y))
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
      this.#lines(context, height)
    })
  }

  /** What falls until the price has come to each height, as a line from where the first order stands. */
  #lines(context: CanvasRenderingContext2D, height: number): void {
    const sides = (['long', 'short'] as const).map((side) => {
      const starts = this.items.flatMap((one) => {
        const row = one.side === side ? this.toY(side === 'long' ? one.high : one.low) : null
        return row === null ? [] : [{ row, size: one.paid }]
      })
      return [side, cumulated(starts, height, side === 'long')] as const
    })

    const most = Math.max(...sides.map(([, rows]) => Math.max(rows[0] ?? 0, rows[height - 1] ?? 0)))
    if (!(most > 0)) return

    context.lineWidth = 1
    context.globalAlpha = 0.5
    for (const [side, rows] of sides) {
      const x = (row: number) => this.#width * (1 - ((rows[row] ?? 0) / most) * LINE_REACH) - 0.5
      context.strokeStyle = side === 'long' ? this.theme.up : this.theme.down
      context.beginPath()

      let drawn = false
      for (let row = 0; row < height; row++) {
        if (!rows[row]) {
          drawn = false
          continue
        }
        if (!drawn) context.moveTo(side === 'long' ? this.#width : x(row), row)
        else if (x(row) !== x(row - 1)) context.lineTo(x(row - 1), row)
        context.lineTo(x(row), row)
        drawn = true
        if (side === 'short' && !(rows[row + 1] ?? 0)) context.lineTo(this.#width, row)
      }
      context.stroke()
    }

    context.globalAlpha = 1
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
