import { describe, expect, it, vi } from 'vitest'
import type { EndpointReport, SaveResult, SettingsBindings, SettingsView } from '../native'
import { newToken, saidBefore, sayAfterReload, Settings } from './settings.svelte'

const stored: SettingsView = {
  form: {
    values: {
      'solana.cluster': 'devnet',
      'solana.rpc_url': '',
      'solana.ws_url': '',
      'solana.program_id': 'PROGRAM',
      'solana.commitment': 'confirmed',
      'server.listen': '127.0.0.1:5051',
      'server.token': '••••cdef',
      'store.retention_days': '0',
    },
    fallback: [
      { rpc_url: 'https://a', ws_url: '', stored: 1 },
      { rpc_url: 'https://b/••••', ws_url: '', stored: 2 },
    ],
  },
  fixed: { 'server.listen': '--listen', 'solana.commitment': 'SPINSCOPE_SOLANA_COMMITMENT' },
  file: '/home/anna/config.toml',
  revision: 'r1',
  problem: '',
  stored: [],
}
const saved: SaveResult = { problems: [], error: '', restarted: false, backup: '', app_only: false }
const works: EndpointReport = {
  works: true,
  problem: '',
  latency_ms: 3,
  version: '2',
  chain: 'devnet',
  checks: [],
  note: '',
}

async function open(more: Partial<SettingsBindings> = {}) {
  const bindings = {
    Settings: vi.fn(() => Promise.resolve(structuredClone(stored))),
    SaveSettings: vi.fn(() => Promise.resolve(saved)),
    TestEndpoint: vi.fn(() => Promise.resolve(works)),
    StopTests: vi.fn(() => Promise.resolve()),
    ...more,
  }
  const settings = new Settings(bindings)
  await settings.load()
  return { settings, bindings }
}

describe('settings', () => {
  it('saves only what was changed, with the revision it was made of', async () => {
    const { settings, bindings } = await open()
    expect(settings.dirty).toBe(false)
    settings.set('store.retention_days', '7')
    expect(settings.dirty).toBe(true)
    expect(await settings.save()).toEqual(saved)
    expect(bindings.SaveSettings).toHaveBeenCalledWith({
      revision: 'r1',
      form: { values: { 'store.retention_days': '7' }, fallback: stored.form.fallback },
    })
    settings.set('store.retention_days', '0')
    expect(settings.dirty).toBe(false)
  })

  it('says why a value is locked and never sends it', async () => {
    const { settings } = await open()
    expect(settings.locked('server.listen')).toContain('flag --listen')
    expect(settings.locked('solana.commitment')).toContain('environment variable SPINSCOPE_SOLANA_COMMITMENT')
    expect(settings.locked('server.token')).toBe('')
    settings.set('server.listen', '127.0.0.1:1')
    expect(settings.changed).toEqual({})
  })

  it('sends an own address only for an own endpoint', async () => {
    const { settings } = await open()
    settings.set('solana.rpc_url', 'https://own')
    expect(settings.changed).toEqual({})
    settings.set('solana.cluster', 'custom')
    expect(settings.changed).toEqual({ 'solana.cluster': 'custom', 'solana.rpc_url': 'https://own' })
    expect(settings.leaves).toBe('devnet')
  })

  it('keeps whose hidden keys they are while fallbacks are moved', async () => {
    const { settings, bindings } = await open()
    const [a, b] = settings.fallback
    settings.moveFallback(b?.id ?? 0, -1)
    settings.moveFallback(b?.id ?? 0, -1) // it is first already
    settings.removeFallback(a?.id ?? 0)
    settings.addFallback()
    const added = settings.fallback[1]
    settings.setFallback(added?.id ?? 0, 'rpc_url', 'https://c')
    expect(settings.dirty).toBe(true)
    await settings.save()
    expect(bindings.SaveSettings).toHaveBeenCalledWith({
      revision: 'r1',
      form: {
        values: {},
        fallback: [
          { rpc_url: 'https://b/••••', ws_url: '', stored: 2 },
          { rpc_url: 'https://c', ws_url: '', stored: 0 },
        ],
      },
    })
  })

  it('tells what is wrong beside its field until it is changed', async () => {
    const problems = [
      { key: 'store.retention_days', text: 'is out of range' },
      { key: 'solana.fallback[0].rpc_url', text: 'is missing' },
      { key: 'cors.allow_origins', text: 'holds "*"' },
    ]
    const { settings } = await open({ SaveSettings: () => Promise.resolve({ ...saved, problems }) })
    settings.set('store.retention_days', 'x')
    expect(await settings.save()).toBeUndefined()
    expect(settings.phase).toBe('ready')
    expect(settings.problems['store.retention_days']).toBe('Is out of range')
    expect(settings.others).toEqual(['cors.allow_origins: Holds "*"'])
    settings.set('store.retention_days', '5')
    settings.moveFallback(settings.fallback[0]?.id ?? 0, 1)
    expect(Object.values(settings.problems).filter(Boolean)).toEqual(['Holds "*"'])
  })

  it('remembers that the server moved although nothing was saved', async () => {
    const { settings } = await open({
      SaveSettings: () => Promise.resolve({ ...saved, error: 'port in use', restarted: true }),
    })
    expect(await settings.save()).toBeUndefined()
    expect(settings.error).toBe('port in use')
    expect(settings.moved).toBe(true)
  })

  it('survives a shell that fails', async () => {
    const { settings } = await open({
      SaveSettings: () => Promise.reject(new Error('gone')),
      TestEndpoint: () => Promise.reject(new Error('gone')),
    })
    expect(await settings.save()).toBeUndefined()
    expect(settings.error).toContain('gone')
    await settings.test('own')
    expect(settings.testOf('own')?.report?.problem).toContain('gone')
  })

  it('does not open a broken file', async () => {
    const { settings, bindings } = await open({
      Settings: () =>
        Promise.resolve({ ...stored, form: { values: {}, fallback: null }, fixed: null, problem: 'line 3: what?' }),
    })
    expect(settings.error).toBe('line 3: what?')
    expect(await settings.save()).toBeUndefined()
    expect(bindings.SaveSettings).not.toHaveBeenCalled()
  })

  it('tries the endpoint as it stands and forgets the answer when it is changed', async () => {
    const { settings, bindings } = await open()
    await settings.test('own')
    expect(bindings.TestEndpoint).toHaveBeenLastCalledWith({
      cluster: 'devnet',
      endpoint: { rpc_url: '', ws_url: '', stored: -1 },
      program_id: 'PROGRAM',
      commitment: 'confirmed',
    })
    expect(settings.testOf('own')).toEqual({ running: false, report: works })
    settings.set('solana.cluster', 'mainnet')
    expect(settings.testOf('own')).toBeUndefined()

    const id = settings.fallback[1]?.id ?? 0
    await settings.test(id)
    expect(bindings.TestEndpoint).toHaveBeenLastCalledWith(
      expect.objectContaining({ endpoint: { rpc_url: 'https://b/••••', ws_url: '', stored: 2 } }),
    )
    settings.setFallback(id, 'rpc_url', 'https://d')
    expect(settings.testOf(id)).toBeUndefined()
  })

  it('drops the answer about an address that was changed meanwhile', async () => {
    let answer: (report: EndpointReport) => void = () => undefined
    const { settings } = await open({ TestEndpoint: () => new Promise((resolve) => (answer = resolve)) })
    const asked = settings.test('own')
    expect(settings.testOf('own')?.running).toBe(true)
    settings.set('solana.cluster', 'mainnet')
    answer(works)
    await asked
    expect(settings.testOf('own')).toBeUndefined()
  })
})

it('makes tokens that differ', () => {
  expect(newToken()).toMatch(/^[0-9a-f]{32}$/)
  expect(newToken()).not.toBe(newToken())
})

it('says something once after a reload', () => {
  sayAfterReload('Saved')
  expect(saidBefore()).toBe('Saved')
  expect(saidBefore()).toBe('')
})
