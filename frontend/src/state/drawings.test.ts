import { beforeEach, describe, expect, it } from 'vitest'
import { MAX_COINS, MAX_DRAWINGS } from '../market/drawing/drawing'
import { Drawings } from './drawings.svelte'

/** As a browser keeps it. */
class Kept {
  readonly map = new Map<string, string>()
  full = false
  get length() {
    return this.map.size
  }
  key = (at: number) => [...this.map.keys()][at] ?? null
  getItem = (key: string) => this.map.get(key) ?? null
  removeItem = (key: string) => void this.map.delete(key)
  setItem = (key: string, text: string) => {
    if (this.full) throw new Error('quota')
    this.map.set(key, text)
  }
}

let kept: Kept
let said: string[]
const make = (storage: Kept | null = kept, now = () => 1) =>
  new Drawings(storage, { show: (_, text) => void said.push(text) }, now)
const level = (price: number) => [{ time: 1, price }]

beforeEach(() => {
  kept = new Kept()
  said = []
})

describe('drawings', () => {
  it('are there after a restart, each at its own coin', () => {
    const before = make()
    before.add('OAK', 'level', level(2))
    before.add('OAK', 'text', level(3), 'top')
    before.add('FOX', 'level', level(4))
    const after = make()
    after.open('OAK')
    expect(after.of('OAK').map(({ kind, points, text }) => [kind, points[0]?.price, text])).toEqual([
      ['level', 2, ''],
      ['text', 3, 'top'],
    ])
    expect(after.of('FOX')).toEqual([])
    after.open('FOX')
    expect(after.of('FOX').length).toBe(1)
  })

  it('are selected as they are drawn, and the tool is laid aside', () => {
    const drawings = make()
    drawings.pick('level')
    expect(drawings.hint).toBe('Horizontal line: click at its price')
    drawings.add('OAK', 'level', level(2))
    expect([drawings.tool, drawings.selected]).toEqual(['', drawings.of('OAK')[0]?.id])
    drawings.remove('OAK')
    expect([drawings.of('OAK').length, drawings.selected, kept.length]).toEqual([0, 0, 0])
    drawings.undo('OAK')
    expect(make().of('OAK').length + drawings.of('OAK').length).toBe(1)
    expect(kept.length).toBe(1)
  })

  it('Escape gives up the tool first, then the selection, then nothing', () => {
    const drawings = make()
    drawings.add('OAK', 'level', level(2))
    drawings.pick('trend')
    expect([drawings.selected, drawings.cancel(), drawings.tool]).toEqual([0, true, ''])
    drawings.next('OAK')
    expect(drawings.selected).toBeGreaterThan(0)
    expect([drawings.cancel(), drawings.selected, drawings.cancel()]).toEqual([true, 0, false])
  })

  it('goes from one to the next, and from the last to none', () => {
    const drawings = make()
    for (const price of [1, 2]) drawings.add('OAK', 'level', level(price))
    const [first, second] = drawings.of('OAK').map(({ id }) => id)
    drawings.selected = 0
    const seen = [0, 0, 0].map(() => (drawings.next('OAK'), drawings.selected))
    expect(seen).toEqual([first, second, 0])
  })

  it('says when a coin has as many as are kept', () => {
    const drawings = make()
    for (let i = 0; i < MAX_DRAWINGS + 1; i++) drawings.add('OAK', 'level', level(i + 1))
    expect(drawings.of('OAK').length).toBe(MAX_DRAWINGS)
    expect(said).toEqual([`This coin has ${MAX_DRAWINGS} drawings, the most that are kept: remove one first.`])
  })

  it('of too many coins lets the one go that rested longest, and says so', () => {
    kept.map.set('spinscope.prefs', '{}')
    for (let i = 0; i < MAX_COINS; i++)
      kept.map.set(`spinscope.drawings.M${i}`, JSON.stringify({ at: 1000 - (i === 7 ? 500 : 0), drawings: [] }))
    make(kept, () => 5000).add('OAK', 'level', level(1))
    expect(kept.getItem('spinscope.drawings.M7')).toBeNull()
    expect(kept.length).toBe(MAX_COINS + 1)
    expect(said[0]).toMatch(/those of M7, which rested longest, went/)
  })

  it('says when there is no room, and goes on without', () => {
    kept.full = true
    const drawings = make()
    drawings.add('OAK', 'level', level(1))
    expect(drawings.of('OAK').length).toBe(1)
    expect(said).toEqual(['The drawings are not kept: there is no room for them. They go with this page.'])
    expect(() => make(null).add('OAK', 'level', level(1))).not.toThrow()
  })

  it('takes over what another window kept', () => {
    const [here, there] = [make(), make()]
    here.open('OAK')
    there.add('OAK', 'level', level(9))
    here.kept('spinscope.drawings.OAK')
    expect(here.of('OAK')[0]?.points[0]?.price).toBe(9)
    here.kept('spinscope.prefs')
    here.kept(null)
    expect(here.of('OAK').length).toBe(1)
  })

  it('reads nothing from what is no drawing', () => {
    for (const text of ['{', 'null', '[]', '{"drawings":{}}']) {
      kept.map.set('spinscope.drawings.OAK', text)
      const drawings = make()
      drawings.open('OAK')
      expect(drawings.of('OAK')).toEqual([])
    }
  })
})
