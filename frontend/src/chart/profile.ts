import type { Bar } from '../market/candle'
import { volumeProfile } from '../market/study/profile'
import { Layer, type Target } from './layer'
import type { ChartTheme } from './theme'

/** The row of which there is most reaches this share of the pane's width in from the left. */
const REACH = 0.22

export interface ProfileInput {
  /** The bars in sight: as many as the canvas has room for, at most. */
  bars: readonly Bar[]
  /** The axis is logarithmic. */
  log: boolean
}

/** Volume by price of the bars in sight, at the left: bought, then sold, and a line where most was traded. Its one item is how many rows it has. */
export class VolumeProfile extends Layer<number> {
  /** The price around which most was traded, as drawn last; NaN for none. */
  most = NaN

  constructor(
    theme: ChartTheme,
    private readonly input: () => ProfileInput,
    private readonly toY: (price: number) => number | null,
    /** Hears that another price is the most traded one. */
    private readonly moved: () => void,
  ) {
    super(theme)
  }

  protected override clear(): void {
    this.most = NaN
  }

  protected override draw(target: Target): void {
    const [rows = 1] = this.items
    const { bars, log } = this.input()
    const found = volumeProfile(bars, rows, log)

    const most = found ? found.price(found.most + 0.5) : NaN
    const moved = !Object.is(most, this.most)
    this.most = most
    if (moved) this.moved()
    if (!found) return

    target.useMediaCoordinateSpace(({ context, mediaSize: { width } }) => {
      const size = (row: number) => (found.bought[row] ?? 0) + (found.sold[row] ?? 0)
      const unit = (REACH * width) / size(found.most)
      for (let row = 0; row < rows; row++) {
        const [top, bottom] = [this.toY(found.price(row + 1)), this.toY(found.price(row))]
        if (top === null || bottom === null || size(row) === 0) continue
        // A line of the background between two rows, where there is room for it.
        const height = Math.max(1, bottom - top - (bottom - top > 3 ? 1 : 0))
        const bought = (found.bought[row] ?? 0) * unit
        context.fillStyle = this.theme.upVolume
        context.fillRect(0, top, bought, height)
        context.fillStyle = this.theme.downVolume
        context.fillRect(bought, top, size(row) * unit - bought, height)
      }

      const y = Math.round(this.toY(most) ?? NaN) + 0.5
      context.strokeStyle = this.theme.indicators.profile
      context.setLineDash([6, 4])
      context.beginPath()
      context.moveTo(0, y)
      context.lineTo(width, y)
      context.stroke()
      context.setLineDash([])
    })
  }
}
