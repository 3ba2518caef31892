import { Layer, type Target } from './layer'

/** A word behind the bars: what is shown is not a real market. */
export class Watermark extends Layer<string> {
  protected override clear(): void {
    // Nothing is kept.
  }

  protected override draw(target: Target): void {
    const [text = ''] = this.items
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      context.font = `600 ${Math.round(Math.min(64, mediaSize.width / 9))}px ${this.theme.font}`
      context.fillStyle = this.theme.watermark
      context.textAlign = 'center'
      context.textBaseline = 'middle'
      context.fillText(text, mediaSize.width / 2, mediaSize.height / 2)
    })
  }
}
