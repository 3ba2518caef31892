import { describe, expect, it, vi } from 'vitest'
import type { WatchedCoin } from '../api/client/index'
import { fakeRest } from './fakes'
import { Watched, type WatchWriter } from './watched.svelte'

const coin = (mint: string, more: Partial<WatchedCoin> = {}) =>
  ({ mint, state: 'live', done: 0, total: 0, message: '', holes: [], on_demand: false, ...more }) as WatchedCoin

function make(writer: WatchWriter | null) {
  const server = { coins: [] as WatchedCoin[], asked: 0, now: 0 }
  const rest = fakeRest({
    watch: async () => {
      server.asked++
      return { coins: server.coins, total: server.coins.length }
    },
  })
  return { server, watched: new Watched(rest, writer, () => server.now) }
}

const writer: WatchWriter = {
  add: async (text) => text.trim(),
  remove: async (mint) => {
    if (mint === 'FIXED') throw new Error('it is in watch.mints')
  },
}
const mints = ({ coins }: Watched) => coins.map(({ mint, state }) => `${mint} ${state}`)

describe('Watched', () => {
  it('shows what was asked for until the server has taken it in, and no longer', async () => {
    const { server, watched } = make(writer)
    server.coins = [coin('A')]
    await watched.read()
    expect(await watched.add(' B ')).toBe('B')
    await watched.read()
    expect(mints(watched)).toEqual(['A live', 'B unknown'])

    server.coins = [coin('A'), coin('B', { state: 'refused', message: 'a wallet' })]
    await watched.read()
    expect(mints(watched)).toEqual(['A live', 'B refused'])

    await watched.remove('B')
    await watched.read()
    expect(mints(watched)).toEqual(['A live'])
    server.coins = [coin('A')]
    await watched.read()
    // Added by somebody else meanwhile.
    server.coins = [coin('A'), coin('B')]
    await watched.read()
    expect(mints(watched)).toEqual(['A live', 'B live'])
  })

  it('looks every second while something is under way, and twice a minute else', async () => {
    const { server, watched } = make(null)
    server.coins = [coin('A', { state: 'reading' })]
    await watched.read()
    watched.tick()
    expect(server.asked).toBe(2)
    server.coins = [coin('A')]
    await watched.read()
    server.now = 29_999
    watched.tick()
    expect(server.asked).toBe(3)
    server.now = 30_000
    watched.tick()
    expect(server.asked).toBe(4)
    await watched.read()
    watched.tick(true)
    expect(server.asked).toBe(6)
  })

  it('waits for an answer that takes long, and looks each second while it is on screen', async () => {
    const { server, watched } = make(null)
    watched.tick(true)
    watched.tick(true)
    expect(server.asked).toBe(1)
    await vi.waitFor(() => expect(watched.phase).toBe('ready'))
    server.now = 1000
    watched.tick()
    expect(server.asked).toBe(1)
    watched.open = true
    watched.tick()
    expect(server.asked).toBe(2)
  })

  it('tells of progress', async () => {
    const { server, watched } = make(null)
    const told: string[] = []
    watched.moved = (now, before) => told.push(`${now.mint} ${before?.state} ${now.state} ${now.done}`)
    for (const done of [1, 1, 2]) {
      server.coins = [coin('A', { state: 'reading', done })]
      await watched.read()
    }
    server.coins = [coin('A', { done: 2 })]
    await watched.read()
    expect(told).toEqual(['A undefined reading 1', 'A reading reading 2', 'A reading live 2'])
  })

  it('changes nothing where it must not, and says why a coin stays', async () => {
    expect(make(null).watched.writable).toBe(false)
    await expect(make(null).watched.add('A')).rejects.toThrow('cannot be changed')
    const { server, watched } = make(writer)
    server.coins = [coin('FIXED')]
    await watched.read()
    await expect(watched.remove('FIXED')).rejects.toThrow('watch.mints')
    expect(mints(watched)).toEqual(['FIXED live'])
  })
})
