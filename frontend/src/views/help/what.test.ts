import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { indicatorNames } from '../../market/indicator'
import { type Entry, find, page, SECTIONS } from './what'

const entries = SECTIONS.flatMap((section) => section.entries)

it('is what docs/figures.md says (npx vitest -u writes it)', async () => {
  await expect(page()).toMatchFileSnapshot('../../../../docs/figures.md')
})

it('names everything once in its section, in whole sentences', () => {
  for (const { title, entries } of SECTIONS) {
    const names = entries.map(({ name }) => name)
    expect(new Set(names).size, title).toBe(names.length)
  }
  for (const { name, text } of entries) expect(text, name).toMatch(/^[A-Z“0-9].*\.$/s)
})

it('draws in colours that both themes have', () => {
  const css = readFileSync('src/styles/tokens.css', 'utf8')
  const [dark = '', light = ''] = css.split(":root[data-theme='light']")
  const used = new Set(JSON.stringify(entries).match(/var\(--[\w-]+\)/g))
  expect(used.size).toBeGreaterThan(15 + indicatorNames.length - 5)
  for (const variable of used) {
    const token = `${variable.slice(4, -1)}: `
    expect(dark, token).toContain(token)
    expect(light, token).toContain(token)
  }
  const signs = entries.flatMap(({ sign }: Entry) => (sign ? [sign] : []))
  for (const sign of signs) expect(JSON.stringify(sign)).not.toMatch(/undefined|""/)
})

it('has a sign for every shape and colour of the chart’s marks', () => {
  const shapes = entries.flatMap(({ sign }) => (sign?.kind === 'marker' ? [`${sign.shape} ${sign.color}`] : []))
  expect(shapes.sort()).toEqual([
    'arrowDown var(--chart-down)',
    'arrowUp var(--chart-up)',
    'circle var(--caution)',
    'circle var(--chart-line)',
    'square var(--caution)',
    'square var(--chart-liquidation)',
  ])
})

it('finds by all words of a question', () => {
  expect(find('  ')).toBe(SECTIONS)
  expect(find('gap FILLED').flatMap(({ entries }) => entries.map(({ name }) => name))).toEqual([
    'amber hatch',
    'grey hatch',
    'gaps',
  ])
  expect(find('no such thing')).toEqual([])
})

it('names the colours that are on screen', () => {
  const said = JSON.stringify(find('', 'blue-orange'))
  expect(said).toContain('orange candle')
  expect(said).toContain('Blue ones moved the price up')
  expect(said).not.toMatch(/\b(green|red)\b/i)
  expect(JSON.stringify(find('candle', 'blue-orange'))).toContain('blue candle')
})
