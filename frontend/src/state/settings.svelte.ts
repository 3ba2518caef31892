import type { EndpointReport, FormEndpoint, SaveResult, SettingsBindings, SettingsView } from '../native'
import { reason } from './reason'

/** A fallback endpoint in the dialog; its id stays while it is moved. */
export interface FallbackRow extends FormEndpoint {
  id: number
}

/** One try of an endpoint. */
export interface EndpointTest {
  running: boolean
  report: EndpointReport | null
}

/** Which endpoint is tried: the cluster's own, or a fallback by its id. */
export type TestOf = 'own' | number

export const CLUSTERS = [
  { value: 'demo', text: 'Demo', title: 'A simulated market inside the app' },
  { value: 'localnet', text: 'Localnet', title: 'A validator on this computer' },
  { value: 'devnet', text: 'Devnet', title: 'Solana’s test network' },
  { value: 'mainnet', text: 'Mainnet', title: 'The real market' },
  { value: 'custom', text: 'Own endpoint', title: 'The address of a provider or of your own node' },
] as const

export type ClusterName = (typeof CLUSTERS)[number]['value']

export function clusterName(value: string): string {
  return CLUSTERS.find((one) => one.value === value)?.text ?? value
}

/** The stored fallback n is n + 1 for the shell; its own endpoint of a custom cluster is this. */
const PREFERRED = -1

/** The settings as they stand in the dialog, over those in the file. */
export class Settings {
  phase = $state<'loading' | 'ready' | 'saving'>('loading')
  view = $state.raw<SettingsView | null>(null)
  values = $state<Record<string, string>>({})
  fallback = $state<FallbackRow[]>([])
  /** What is wrong, by key; empty text is nothing. */
  problems = $state<Record<string, string>>({})
  /** Why nothing was saved, beside the fields. */
  error = $state('')
  /** The server was started anew, perhaps at another address, although nothing was saved. */
  moved = false
  tests = $state<Record<string, EndpointTest | undefined>>({})
  #ids = 0

  constructor(private readonly bindings: SettingsBindings) {}

  async load(): Promise<void> {
    this.phase = 'loading'
    try {
      this.view = await this.bindings.Settings()
    } catch (problem) {
      this.error = reason(problem)
      return
    }
    this.error = this.view.problem
    this.values = { ...this.view.form.values }
    this.fallback = (this.view.form.fallback ?? []).map((row) => ({ ...row, id: ++this.#ids }))
    this.problems = {}
    if (!this.error) this.phase = 'ready'
  }

  value(key: string): string {
    return this.values[key] ?? ''
  }

  /** Whether the file has this key at all. */
  knows(key: string): boolean {
    return key in this.values
  }

  set(key: string, value: string): void {
    this.values[key] = value
    this.#forgive(key)
    if (key === 'solana.cluster') {
      this.#forgive('solana.rpc_url')
      this.#forgive('solana.ws_url')
    }
    if (/^solana\.(cluster|rpc_url|ws_url|program_id|commitment)$/.test(key)) this.tests['own'] = undefined
  }

  /** Why a value cannot be changed; empty when it can. */
  locked(key: string): string {
    const by = this.view?.fixed?.[key]
    if (!by) return ''
    return by.startsWith('--') ? `Set by the flag ${by}` : `Set by the environment variable ${by}`
  }

  /** The values that are not those of the file. */
  get changed(): Record<string, string> {
    const stored = this.view?.form.values ?? {}
    const own = this.value('solana.cluster') === 'custom'
    return Object.fromEntries(
      Object.entries(this.values).filter(
        ([key, value]) => value !== stored[key] && !this.locked(key) && (own || !isOwnAddress(key)),
      ),
    )
  }

  get dirty(): boolean {
    return Object.keys(this.changed).length > 0 || !this.#sameFallback()
  }

  /** Whether another market will be shown. */
  get leaves(): string {
    const before = this.view?.form.values['solana.cluster'] ?? ''
    return this.value('solana.cluster') === before ? '' : before
  }

  addFallback(): void {
    this.fallback.push({ id: ++this.#ids, rpc_url: '', ws_url: '', stored: 0 })
  }

  removeFallback(id: number): void {
    this.#forgiveFallback()
    this.tests[id] = undefined
    this.fallback = this.fallback.filter((row) => row.id !== id)
  }

  moveFallback(id: number, by: 1 | -1): void {
    const from = this.fallback.findIndex((row) => row.id === id)
    const other = this.fallback[from + by]
    const row = this.fallback[from]
    if (!row || !other) return
    this.#forgiveFallback()
    this.fallback[from] = other
    this.fallback[from + by] = row
  }

  setFallback(id: number, part: 'rpc_url' | 'ws_url', value: string): void {
    const place = this.fallback.findIndex((row) => row.id === id)
    const row = this.fallback[place]
    if (!row) return
    row[part] = value
    this.tests[id] = undefined
    this.#forgive(`solana.fallback[${place}].${part}`)
  }

  testOf(of: TestOf): EndpointTest | undefined {
    return this.tests[of]
  }

  /** Tries an endpoint as the feed would use it. */
  async test(of: TestOf): Promise<void> {
    if (this.tests[of]?.running) return
    const test: EndpointTest = { running: true, report: null }
    this.tests[of] = test
    const current = this.tests[of] // as long as nothing about the endpoint is changed
    let report: EndpointReport
    try {
      report = await this.bindings.TestEndpoint({
        cluster: this.value('solana.cluster'),
        endpoint: this.#endpoint(of),
        program_id: this.value('solana.program_id'),
        commitment: this.value('solana.commitment'),
      })
    } catch (problem) {
      report = { works: false, problem: reason(problem), latency_ms: 0, version: '', chain: '', checks: [], note: '' }
    }
    if (this.tests[of] === current) this.tests[of] = { running: false, report }
  }

  stopTests(): void {
    void this.bindings.StopTests()
  }

  /** Saves what was changed. Without a result, something is wrong and told in problems or error. */
  async save(): Promise<SaveResult | undefined> {
    if (!this.view || this.phase !== 'ready') return undefined
    this.phase = 'saving'
    this.problems = {}
    this.error = ''
    let result: SaveResult
    try {
      result = await this.bindings.SaveSettings({
        revision: this.view.revision,
        form: {
          values: this.changed,
          fallback: this.fallback.map(({ rpc_url, ws_url, stored }) => ({ rpc_url, ws_url, stored })),
        },
      })
    } catch (problem) {
      this.phase = 'ready'
      this.error = reason(problem)
      return undefined
    }
    this.phase = 'ready'
    this.moved ||= result.restarted
    this.problems = Object.fromEntries(result.problems.map(({ key, text }) => [key, sentence(text)]))
    this.error = result.error
    return result.error || result.problems.length > 0 ? undefined : result
  }

  /** Problems of keys that have no field here. */
  get others(): string[] {
    return Object.entries(this.problems)
      .filter(([key, text]) => text && !this.knows(key) && !/^solana\.fallback\[\d+\]\./.test(key))
      .map(([key, text]) => `${key}: ${text}`)
  }

  #endpoint(of: TestOf): FormEndpoint {
    if (of === 'own') {
      const own = this.value('solana.cluster') === 'custom'
      return {
        rpc_url: own ? this.value('solana.rpc_url') : '',
        ws_url: own ? this.value('solana.ws_url') : '',
        stored: PREFERRED,
      }
    }
    const row = this.fallback.find(({ id }) => id === of)
    return { rpc_url: row?.rpc_url ?? '', ws_url: row?.ws_url ?? '', stored: row?.stored ?? 0 }
  }

  #sameFallback(): boolean {
    const stored = this.view?.form.fallback ?? []
    return (
      stored.length === this.fallback.length &&
      stored.every((one, place) => {
        const row = this.fallback[place]
        return row?.stored === one.stored && row.rpc_url === one.rpc_url && row.ws_url === one.ws_url
      })
    )
  }

  #forgive(key: string): void {
    if (this.problems[key]) this.problems[key] = ''
  }

  #forgiveFallback(): void {
    for (const key of Object.keys(this.problems)) if (key.startsWith('solana.fallback[')) this.#forgive(key)
  }
}

function isOwnAddress(key: string): boolean {
  return key === 'solana.rpc_url' || key === 'solana.ws_url'
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** A token that nobody guesses: 32 hexadecimal digits. */
export function newToken(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const SAID_KEY = 'spinscope.said'

/** Keeps a message for the page that is loaded next. */
export function sayAfterReload(text: string): void {
  try {
    sessionStorage.setItem(SAID_KEY, text)
  } catch {
    // Then it is not said.
  }
}

/** What the page before wanted said; once. */
export function saidBefore(): string {
  try {
    const text = sessionStorage.getItem(SAID_KEY) ?? ''
    sessionStorage.removeItem(SAID_KEY)
    return text
  } catch {
    return ''
  }
}
