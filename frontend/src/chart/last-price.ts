import type {
  ISeriesPrimitive,
  ISeriesPrimitiveAxisView,
  IPrimitivePaneView,
  SeriesAttachedParameter,
  SeriesType,
  Time,
} from 'lightweight-charts'
import type { PriceAxis } from './axis'
import type { Target } from './layer'

/** Half a label's height, in CSS pixels. */
const HALF = 9

interface Last {
  price: number
  color: string
  /** On that colour. */
  textColor: string
}

/**
 * The last price: a line, and a label at the axis that is there whatever is in sight; with an arrow where the price lies
 * beyond the axis' end. The library's own label is that of the last bar in sight.
 */
export class LastPrice implements ISeriesPrimitive<Time> {
  #last: Last | undefined
  #attached: SeriesAttachedParameter<Time, SeriesType> | undefined
  #height = 0
  readonly #panes: readonly IPrimitivePaneView[]
  readonly #labels: readonly ISeriesPrimitiveAxisView[]

  constructor(private readonly axis: PriceAxis) {
    this.#panes = [{ zOrder: () => 'top', renderer: () => ({ draw: (target) => this.#draw(target) }) }]
    this.#labels = [
      {
        coordinate: () => this.#place(),
        text: () => this.label,
        textColor: () => this.#last?.textColor ?? '',
        backColor: () => this.#last?.color ?? '',
        visible: () => this.#last !== undefined,
        tickVisible: () => this.#beyond() === '',
      },
    ]
  }

  /** As drawn. */
  get label(): string {
    return this.#last ? this.#beyond() + this.axis.alone(this.#last.price) : ''
  }

  attached(given: SeriesAttachedParameter<Time, SeriesType>): void {
    this.#attached = given
  }

  detached(): void {
    this.#attached = undefined
  }

  set(last: Last | undefined): void {
    this.#last = last
    this.#attached?.requestUpdate()
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return this.#last ? this.#panes : []
  }

  priceAxisViews(): readonly ISeriesPrimitiveAxisView[] {
    return this.#labels
  }

  #y(): number {
    return (this.#last && this.#attached?.series.priceToCoordinate(this.#last.price)) ?? -Infinity
  }

  #place(): number {
    const height = this.#attached?.chart.panes()[0]?.getHeight() ?? 0
    this.#height = height
    return Math.min(Math.max(this.#y(), HALF), height - HALF)
  }

  #beyond(): string {
    const y = this.#y()
    return y < 0 ? '↑ ' : y > this.#height && this.#height > 0 ? '↓ ' : ''
  }

  #draw(target: Target): void {
    const y = this.#y()
    const color = this.#last?.color ?? ''
    target.useBitmapCoordinateSpace(({ context, bitmapSize, mediaSize, verticalPixelRatio: ratio }) => {
      if (y < 0 || y > mediaSize.height) return
      context.strokeStyle = color
      context.lineWidth = Math.max(1, Math.floor(ratio))
      context.setLineDash([ratio, 2 * ratio])
      context.beginPath()
      const row = Math.round(y * ratio) + (context.lineWidth % 2) / 2
      context.moveTo(0, row)
      context.lineTo(bitmapSize.width, row)
      context.stroke()
      context.setLineDash([])
    })
  }
}
