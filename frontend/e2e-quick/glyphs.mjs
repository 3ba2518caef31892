/**
 * Runs in the page: how unlike the ten digits look in the place where a price counts its zeros, at one device pixel. The
 * price is one that the page shows. Gives the most alike two, the share of their ink that differs, and the height in pixels
 * that the smallest of the digits has.
 */
export function unlike({ text, font }) {
  const place = text.search(/[₀-₉]|\(\d+\)/)
  if (place < 0) return { share: 0, height: 0, text }
  const subscript = /[₀-₉]/.test(text)
  const draw = (digit) => {
    const canvas = document.createElement('canvas')
    ;[canvas.width, canvas.height] = [160, 40]
    const context = canvas.getContext('2d', { willReadFrequently: true })
    context.fillStyle = '#000'
    context.fillRect(0, 0, 160, 40)
    context.fillStyle = '#fff'
    context.font = font
    // The digit alone, where it stands in the price.
    const before = text.slice(0, place) + (subscript ? '' : '(')
    const left = context.measureText(before).width
    context.fillText(subscript ? String.fromCharCode(0x2080 + digit) : String(digit), 4 + left, 26)
    return context.getImageData(0, 0, 160, 40).data
  }
  const pictures = Array.from({ length: 10 }, (_, digit) => draw(digit))
  const worst = { share: Infinity, pair: '', height: Infinity, text }
  pictures.forEach((one, i) => {
    let [top, bottom] = [Infinity, -Infinity]
    for (let at = 0; at < one.length; at += 4) {
      if (one[at] < 90) continue
      const row = Math.floor(at / 4 / 160)
      ;[top, bottom] = [Math.min(top, row), Math.max(bottom, row)]
    }
    worst.height = Math.min(worst.height, bottom - top + 1)
    pictures.slice(0, i).forEach((other, j) => {
      let [differs, ink] = [0, 0]
      for (let at = 0; at < one.length; at += 4) {
        differs += Math.abs(one[at] - other[at])
        ink += Math.max(one[at], other[at])
      }
      if (differs / ink < worst.share) Object.assign(worst, { share: differs / ink, pair: `${j} and ${i}` })
    })
  })
  return worst
}

/** Runs in the page: notes in window.axisPrice the next price that a chart draws at its axis, and in which font. */
export function watchAxis() {
  const { fillText } = CanvasRenderingContext2D.prototype
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    if (this.canvas.closest?.('[data-testid="chart"]') && /^\d\.0\(\d+\)\d+$/.test(text))
      window.axisPrice = { text, font: this.font }
    return fillText.call(this, text, ...rest)
  }
}
