import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

type Rgb = [number, number, number]

const css = readFileSync('src/styles/tokens.css', 'utf8')
const THEMES = ['dark', 'light'] as const
const SETS = ['green-red', 'blue-orange'] as const

/** The tokens as the page has them: later rules stand over earlier ones, which holds in this file as its order is that of weight. */
function tokens(theme: string, colours: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const [, selector = '', body = ''] of css.matchAll(/^(:root[^{]*)\{([^}]*)\}/gm)) {
    const holds = selector
      .split(',')
      .some((one) =>
        [...one.matchAll(/\[data-(\w+)='([\w-]+)'\]/g)].every(([, name, value]) =>
          name === 'theme' ? value === theme : value === colours,
        ),
      )
    if (!holds) continue
    for (const [, name = '', value = ''] of body.matchAll(/--([\w-]+): ([^;]+);/g)) found.set(name, value)
  }
  return found
}

/** Linear red, green and blue, from 0 to 1. */
function linear(from: Map<string, string>, name: string): Rgb {
  let value = from.get(name) ?? ''
  for (let other = /^var\(--([\w-]+)\)$/.exec(value); other; other = /^var\(--([\w-]+)\)$/.exec(value))
    value = from.get(other[1] ?? '') ?? ''
  expect(value, name).toMatch(/^#[0-9a-f]{6}$/)
  return [1, 3, 5].map((at) => {
    const part = parseInt(value.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }) as Rgb
}

/** As WCAG 2 has it, from 1 to 21. */
function contrast(one: Rgb, other: Rgb): number {
  const [less = 0, more = 0] = [one, other]
    .map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b)
    .sort((a, b) => a - b)
  return (more + 0.05) / (less + 0.05)
}

/** How who has no cones for red, or none for green, sees a linear colour: Machado, Oliveira and Fernandes 2009, severity 1. */
const SIGHTS = {
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
} as const

function seen(sight: keyof typeof SIGHTS, [r, g, b]: Rgb): Rgb {
  const parts = SIGHTS[sight].map(([x, y, z]) => x * r + y * g + z * b)
  return parts.map((part) => Math.min(1, Math.max(0, part))) as Rgb
}

/** How far two linear colours lie from each other in CIE L*a*b* (ΔE of 1976); 2 or so is only just seen. */
function distance(one: Rgb, other: Rgb): number {
  const [x, y] = [lab(one), lab(other)]
  return Math.hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2])
}

function lab([r, g, b]: Rgb): Rgb {
  const root = (part: number) => (part > 0.008856 ? Math.cbrt(part) : 7.787 * part + 16 / 116)
  const x = root((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505)
  const y = root(0.2126 * r + 0.7152 * g + 0.0722 * b)
  const z = root((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089)
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

describe.each(THEMES.flatMap((theme) => SETS.map((set) => [theme, set] as const)))('%s, %s', (theme, set) => {
  const all = tokens(theme, set)
  const color = (name: string) => linear(all, name)

  it('is read as text and seen on the chart', () => {
    for (const ground of ['bg', 'panel', 'hover', 'raised'])
      for (const name of ['up', 'down', 'caution', 'liquidation'])
        expect(contrast(color(name), color(ground)), `${name} on ${ground}`).toBeGreaterThanOrEqual(4.5)
    for (const name of ['chart-up', 'chart-down', 'chart-alert', 'chart-liquidation'])
      expect(contrast(color(name), color('chart-bg')), name).toBeGreaterThanOrEqual(3)
  })

  it('says the same in everything that rises and in everything that falls', () => {
    const whole = (name: string) => {
      const hex = all.get(name) ?? ''
      return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).join(', ')
    }
    for (const [way, band] of [
      ['up', 'long'],
      ['down', 'short'],
    ] as const)
      for (const name of [`${way}-open`, `${way}-volume`, `${band}-band`, `${band}-bar`])
        expect(all.get(`chart-${name}`), name).toContain(`rgba(${whole(`chart-${way}`)}, `)
  })
})

it('tells what rises from what falls by blue and orange whoever looks, which green and red do not', () => {
  for (const theme of THEMES)
    for (const sight of Object.keys(SIGHTS) as (keyof typeof SIGHTS)[])
      for (const place of ['', 'chart-']) {
        const apart = (set: string) => {
          const all = tokens(theme, set)
          const [up, down] = ['up', 'down'].map((way) => seen(sight, linear(all, place + way))) as [Rgb, Rgb]
          return distance(up, down)
        }
        const where = `${theme}, ${sight}, ${place}`
        expect(apart('blue-orange'), where).toBeGreaterThan(75)
        expect(apart('green-red'), where).toBeLessThan(30)
      }
})

it('changes in both themes what it changes in one', () => {
  const changed = (theme: string) => {
    const before = tokens(theme, 'green-red')
    return [...tokens(theme, 'blue-orange')].filter(([name, value]) => before.get(name) !== value).map(([name]) => name)
  }
  expect(changed('light')).toEqual(changed('dark'))
  expect(changed('dark').length).toBeGreaterThan(15)
})
