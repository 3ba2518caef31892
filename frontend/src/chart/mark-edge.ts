import type { Logical } from 'lightweight-charts'
import { Layer, type Target } from './layer'
import type { ChartTheme } from './theme'

const TEXT = 'Liquidations and large trades are marked from here on'

/** A line where marks begin: what happened before it was not read. Its one item is a time, Unix seconds. */
export class MarkEdge extends Layer<number> {
  constructor(
    theme: ChartTheme,
    /** Place of the first bar from this time on, among those on the canvas. */
    private readonly toBar: (time: number) => number,
  ) {
    super(theme)
  }

  protected override clear(): void {
    // Nothing is kept.
  }

  protected override draw(target: Target): void {
    const place = this.toBar(this.items[0] ?? NaN)
    const scale = this.attachedTo?.chart.timeScale()
    const [one, other] = [scale?.logicalToCoordinate(0 as Logical), scale?.logicalToCoordinate(1 as Logical)]
    if (!(place > 0) || one == null || other == null) return
    const x = one + (place - 0.5) * (other - one)
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      if (x < 0 || x > mediaSize.width) return
      context.strokeStyle = context.fillStyle = this.theme.text
      context.lineWidth = 1
      context.setLineDash([2, 3])
      context.beginPath()
      context.moveTo(Math.round(x) + 0.5, 0)
      context.lineTo(Math.round(x) + 0.5, mediaSize.height)
      context.stroke()
      context.setLineDash([])
      context.font = `11px ${this.theme.font}`
      const left = x + 6 + context.measureText(TEXT).width < mediaSize.width
      context.textAlign = left ? 'left' : 'right'
      context.fillText(TEXT, left ? x + 6 : x - 6, mediaSize.height - 8)
    })
  }
}
