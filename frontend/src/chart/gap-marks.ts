import type { Logical } from 'lightweight-charts'
import { type GapMark, gapSpan } from '../market/gap'
import { Layer, type Target } from './layer'
import type { ChartTheme } from './theme'

/** A gap without bars in it is still drawn this wide, in CSS pixels. */
const LEAST = 7
/** Between two lines of the hatch, in CSS pixels. */
export const HATCH = 6

export interface GapInput {
  bars: readonly { time: number }[]
  /** Length of a bar in seconds. */
  length: number
  hasOlder: boolean
  /** The last bar is not the newest: what lies after it is not in sight. */
  hasNewer: boolean
}

/** Hatched bands over the bars that a known gap touches. */
export class GapMarks extends Layer<GapMark> {
  #begun: number | undefined
  /** As drawn last, in CSS pixels, for the pointer. */
  #drawn: { left: number; right: number; mark: GapMark }[] = []

  constructor(
    theme: ChartTheme,
    private readonly input: () => GapInput,
    /** Hears how far the hatch reaches that the history begins after. */
    private readonly begins: (right: number | undefined) => void,
  ) {
    super(theme)
  }

  /** The gap under the pointer. */
  at(x: number): GapMark | undefined {
    return this.#drawn.find((one) => x >= one.left - 2 && x <= one.right + 2)?.mark
  }

  protected override clear(): void {
    this.#drawn = []
    this.#tell(undefined)
  }

  #tell(right: number | undefined): void {
    const whole = right === undefined ? undefined : Math.round(right)
    if (whole !== this.#begun) this.begins(whole)
    this.#begun = whole
  }

  protected override draw(target: Target): void {
    this.#drawn = []
    let begun: number | undefined
    const scale = this.attachedTo?.chart.timeScale()
    const [zero, one] = [scale?.logicalToCoordinate(0 as Logical), scale?.logicalToCoordinate(1 as Logical)]
    if (zero == null || one == null) return
    const { bars, length, hasOlder, hasNewer } = this.input()
    const end = hasNewer ? (bars.at(-1)?.time ?? Infinity) + length : Infinity
    target.useBitmapCoordinateSpace(({ context, bitmapSize, horizontalPixelRatio: ratio, mediaSize }) => {
      for (const mark of this.items) {
        if (mark.from >= end) continue
        const span = gapSpan(bars, length, mark, hasOlder)
        if (!span) continue
        let left = Math.max(-1, zero + span.left * (one - zero))
        let right = zero + span.right * (one - zero)
        if (right - left < LEAST) [left, right] = [(left + right - LEAST) / 2, (left + right + LEAST) / 2]
        if (right < 0 || left > mediaSize.width) continue
        this.#drawn.push({ left, right, mark })
        if (mark.from === -Infinity && (mark.state === 'open' || mark.live)) begun = right
        const colour = mark.state === 'open' ? this.theme.gap : this.theme.gapLost
        hatch(context, left * ratio, Math.min(right, mediaSize.width) * ratio, bitmapSize.height, ratio, colour)
      }
    })
    this.#tell(begun)
  }
}

function hatch(
  context: CanvasRenderingContext2D,
  left: number,
  right: number,
  height: number,
  ratio: number,
  colour: string,
): void {
  context.save()
  context.beginPath()
  context.rect(left, 0, right - left, height)
  context.clip()
  context.strokeStyle = colour
  context.lineWidth = ratio
  context.beginPath()
  const step = HATCH * ratio
  // Lines stand where they stand on the canvas, whatever the band: neighbours join without a seam.
  for (let x = Math.floor((left - height) / step) * step; x < right; x += step) {
    context.moveTo(x, height)
    context.lineTo(x + height, 0)
  }
  for (const edge of [left, right]) {
    context.moveTo(Math.round(edge), 0)
    context.lineTo(Math.round(edge), height)
  }
  context.stroke()
  context.restore()
}
