// Small pictures: a screenshot of the window has a few flat colours, which a PNG with a palette holds in half the bytes.
import { crc32, deflateSync } from 'node:zlib'

/** In the page: the screenshot in at most 256 colours, each pixel the nearest of those that occur most. */
async function reduce(data) {
  const image = new Image()
  image.src = `data:image/png;base64,${data}`
  await image.decode()
  const { width, height } = image
  const context = new OffscreenCanvas(width, height).getContext('2d')
  context.drawImage(image, 0, 0)
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer)
  const counts = new Map()
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1)
  const split = (pixel) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255]
  const palette = []
  const nearest = (pixel) => {
    const [r, g, b] = split(pixel)
    let [best, place] = [Infinity, 0]
    for (let i = 0; i < palette.length; i++) {
      const [x, y, z] = palette[i]
      const far = (x - r) ** 2 + (y - g) ** 2 + (z - b) ** 2
      if (far < best) [best, place] = [far, i]
    }
    return [place, best]
  }
  for (const [pixel] of [...counts].sort((a, b) => b[1] - a[1])) {
    if (palette.length === 256) break
    if (nearest(pixel)[1] > 20) palette.push(split(pixel))
  }
  const places = new Map([...counts.keys()].map((pixel) => [pixel, nearest(pixel)[0]]))
  let text = ''
  for (const pixel of pixels) text += String.fromCharCode(places.get(pixel))
  return { width, height, palette, indices: btoa(text) }
}

function chunk(name, content) {
  const body = Buffer.concat([Buffer.from(name), content])
  const ends = Buffer.alloc(8)
  ends.writeUInt32BE(content.length, 0)
  ends.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)])
}

/** The screenshot as a PNG with a palette. */
export async function small(page, screenshot) {
  const { width, height, palette, indices } = await page.evaluate(reduce, screenshot.toString('base64'))
  const pixels = Buffer.from(indices, 'base64')
  const rows = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++) pixels.copy(rows, y * (width + 1) + 1, y * width, (y + 1) * width)
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 3], 8) // eight bits, with a palette
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head),
    chunk('PLTE', Buffer.from(palette.flat())),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
