import { beforeEach, describe, expect, it } from 'vitest'
import { Prefs, readPrefs } from './prefs.svelte'
import { SavedWorkspaces } from './saved-workspaces.svelte'
import { arrangementOf, fileOf, isName, MAX_FILE, MAX_SAVED, readArrangement, readFile } from './workspace-file'

/** As a browser keeps it. */
class Kept {
  readonly map = new Map<string, string>()
  full = false
  getItem = (key: string) => this.map.get(key) ?? null
  setItem = (key: string, text: string) => {
    if (this.full) throw new Error('quota')
    this.map.set(key, text)
  }
}

let kept: Kept
let prefs: Prefs
const make = (storage: Kept | null = kept) => new SavedWorkspaces(storage, prefs, (values) => prefs.setAll(values))
const names = (saved: SavedWorkspaces) => saved.list.map(({ name }) => name)

beforeEach(() => {
  kept = new Kept()
  prefs = new Prefs(null)
})

describe('saved workspaces', () => {
  it('bring back how the window was, and leave alone what is the person’s', () => {
    const saved = make()
    prefs.setAll({ rsi: true, layout: 'four', charts: [{ mint: 'OAK', interval: 'm5' }], left: 200, tab: 'new' })
    expect(saved.save('scalping')).toBe('')
    prefs.setAll({ rsi: false, layout: 'one', charts: [{ mint: 'FOX', interval: 'h1' }], left: 300, tab: 'top' })
    prefs.setAll({ theme: 'light', favourites: ['OAK'], sound: true, loudness: 9, alertsSeen: 7, connect: 'go' })
    expect(saved.open('scalping')).toBe('')
    const { rsi, layout, charts, left, tab, theme, favourites, sound, loudness, alertsSeen, connect } = prefs.values
    expect([rsi, layout, charts, left, tab]).toEqual([true, 'four', [{ mint: 'OAK', interval: 'm5' }], 200, 'new'])
    expect([theme, favourites, sound, loudness, alertsSeen, connect]).toEqual(['light', ['OAK'], true, 9, 7, 'go'])
    expect(
      Object.keys(readPrefs(null))
        .filter((key) => !(key in saved.now))
        .sort(),
    ).toEqual([
      'alertsSeen',
      'colours',
      'connect',
      'favourites',
      'loudness',
      'sound',
      'theme',
      'tour',
      'vwapFrom',
      'wallets',
    ])
  })

  it('are there after a restart, with the one in use', () => {
    const before = make()
    before.save('one')
    prefs.set('log', true)
    before.save('two')
    const after = make()
    expect([names(after), after.used, after.changed]).toEqual([['one', 'two'], 'two', false])
    after.open('one')
    expect([prefs.values.log, make().used]).toEqual([false, 'one'])
  })

  it('keep what was saved when the window changes, and say so', () => {
    const saved = make()
    expect([saved.loose, saved.changed]).toEqual([true, false])
    saved.save('one')
    expect([saved.loose, saved.changed]).toEqual([false, false])
    prefs.set('log', true)
    expect([saved.loose, saved.changed, make().list[0]?.values.log]).toEqual([true, true, false])
    prefs.set('theme', 'dark')
    prefs.set('log', false)
    expect(saved.changed).toBe(false)
    prefs.set('log', true)
    expect([saved.update(), saved.changed, make().list[0]?.values.log]).toEqual(['', false, true])
  })

  it('have a name each, and are twenty at most', () => {
    const saved = make()
    for (const bad of ['', ' a', 'a ', 'a\u202eb', 'a\nb', 'x'.repeat(41)]) {
      expect(isName(bad), JSON.stringify(bad)).toBe(false)
      expect(saved.save(bad)).toMatch(/1 to 40/)
    }
    saved.save('1')
    expect(saved.save('1')).toMatch(/already/)
    for (let i = 2; i <= MAX_SAVED; i++) expect(saved.save(String(i))).toBe('')
    expect(saved.save('one more')).toMatch(/20 workspaces/)
    expect(saved.rename('2', '1')).toMatch(/already/)
    expect(saved.rename('20', 'last')).toBe('')
    expect([saved.used, names(saved).at(-1), make().used]).toEqual(['last', 'last', 'last'])
  })

  it('are deleted, and brought back where they stood', () => {
    const saved = make()
    saved.save('one')
    saved.save('two')
    saved.open('one')
    const one = saved.list[0]
    if (!one) throw new Error('one')
    saved.remove('one')
    expect([names(saved), saved.used]).toEqual([['two'], ''])
    expect([saved.open('one'), saved.putBack(one, 0, true)]).toEqual([expect.stringMatching(/any more/), ''])
    expect([names(saved), saved.used, names(make())]).toEqual([['one', 'two'], 'one', ['one', 'two']])
  })

  it('are shared by windows, but not which is in use', () => {
    const here = make()
    here.save('one')
    const there = make()
    there.save('two')
    here.kept('other')
    expect(names(here)).toEqual(['one'])
    here.kept('spinscope.workspaces')
    expect([names(here), here.used, there.used]).toEqual([['one', 'two'], 'one', 'two'])
    there.remove('one')
    here.save('three')
    expect([names(here), here.used]).toEqual([['two', 'three'], 'three'])
  })

  it('say that there is no room, and change nothing', () => {
    const saved = make()
    saved.save('one')
    kept.full = true
    prefs.set('log', true)
    const told = [saved.save('two'), saved.update(), saved.rename('one', 'uno'), saved.remove('one'), saved.open('one')]
    expect(new Set(told)).toEqual(new Set(['The browser has no room for it: nothing was changed.']))
    expect([names(saved), saved.list[0]?.values.log, prefs.values.log]).toEqual([['one'], false, true])
  })

  it('come from a file beside those that are there, and again only when they differ', () => {
    const saved = make()
    saved.save('one')
    const values = { ...saved.now, log: true }
    const long = 'n'.repeat(40)
    const file = [
      { name: 'one', values },
      { name: 'two', values },
      { name: long, values },
      { name: 'one', values: saved.now },
    ]
    expect(saved.add(file).said).toBe(`Read: “one (2)”, “two”, “${long}”.`)
    expect([saved.used, saved.changed, names(make())]).toEqual(['one', false, ['one', 'one (2)', 'two', long]])
    expect(saved.add(file)).toEqual({ problem: '', said: 'All of them are here already.' })
    saved.add([{ name: long, values: saved.now }])
    expect(names(saved).at(-1)).toBe(`${'n'.repeat(36)} (2)`)
    const many = Array.from({ length: 16 }, (_, i) => ({ name: `m${i}`, values }))
    expect(saved.add(many).problem).toMatch(/would be 21/)
    expect(saved.list.length).toBe(5)
    kept.full = true
    expect(saved.add(many.slice(1))).toEqual({ problem: expect.stringMatching(/no room/) as string, said: '' })
    expect(saved.list.length).toBe(5)
  })

  it('read what is kept as far as it makes sense', () => {
    const workspaces = [
      { name: 'a', values: { log: true, splitX: 'wide' } },
      { name: 'a' },
      null,
      { name: '' },
      { name: 'b' },
    ]
    kept.map.set('spinscope.workspaces', JSON.stringify({ used: 'c', workspaces }))
    const saved = make()
    expect([names(saved), saved.used]).toEqual([['a', 'b'], ''])
    expect([saved.list[0]?.values.log, saved.list[0]?.values.splitX]).toEqual([true, 50])
    kept.map.set('spinscope.workspaces', '{')
    expect(make().list).toEqual([])
    expect(make(null).save('one')).toBe('')
  })
})

describe('a file of workspaces', () => {
  const values = arrangementOf({ ...readPrefs(null), log: true, filter: { volume: 1, trades: 2, hours: 3 } })
  const file = (change: object) => JSON.stringify({ ...JSON.parse(fileOf([{ name: 'one', values }])), ...change })

  it('says what was saved', () => {
    expect(readFile(fileOf([{ name: 'one', values }]))).toEqual({ list: [{ name: 'one', values }], problem: '' })
    expect(values).not.toHaveProperty('wallets')
    const most = Array.from({ length: MAX_SAVED }, (_, i) => ({
      name: `${'n'.repeat(38)}${i + 10}`,
      values: {
        ...values,
        charts: Array.from({ length: 4 }, () => ({ mint: 'm'.repeat(64), interval: 'm1' as const })),
      },
    }))
    expect(readFile(fileOf(most)).list).toEqual(most)
    expect(fileOf(most).length).toBeLessThan(MAX_FILE)
  })

  it('may say less or more than is known here', () => {
    const { list } = readFile(file({ workspaces: [{ name: 'one', values: { log: true, later: 1, theme: 'light' } }] }))
    expect(list).toEqual([{ name: 'one', values: { ...readArrangement({}), log: true } }])
  })

  it.each([
    ['', /not a file of workspaces/],
    ['null', /not a file of workspaces/],
    ['{"candles":[]}', /not a file of workspaces/],
    [' '.repeat(MAX_FILE + 1), /too large/],
    [file({ version: 2 }), /version 2 .* reads 1/],
    [file({ workspaces: [] }), /no workspace/],
    [file({ workspaces: Array(21).fill({}) }), /21 workspaces; 20/],
    [file({ workspaces: [{ values }] }), /Workspace 1 .* no name/],
    [file({ workspaces: [{ name: 'a', values: [] }] }), /“a” .* does not say/],
    [file({ workspaces: [{ name: 'a', values: { splitX: 99 } }] }), /“a” .* splitX .* not understood/],
    [file({ workspaces: [{ name: 'a', values: { charts: [{ mint: 'm'.repeat(65), interval: 'm1' }] } }] }), /charts/],
    [
      file({
        workspaces: [
          { name: 'a', values },
          { name: 'a', values },
        ],
      }),
      /Two .* “a”/,
    ],
  ])('is refused as a whole: %.40s', (text, why) => {
    expect(readFile(text)).toEqual({ list: null, problem: expect.stringMatching(why) as string })
  })
})
