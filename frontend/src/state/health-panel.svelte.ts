import type { DBStats, Endpoint, LogRecord, StreamClient } from '../api/client/index'
import { isAbort, type Rest } from '../api/rest'
import { reason } from './reason'

export type LogLevel = LogRecord['level']

/** In order; a level shows what stands after it too. */
export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/** Records kept, as many as the server keeps. */
const MAX_KEPT = 500

/** What the health panel shows beyond the status bar; read only while somebody looks. */
export class HealthPanel {
  endpoints = $state.raw<readonly Endpoint[]>([])
  clients = $state.raw<readonly StreamClient[]>([])
  store = $state.raw<DBStats | null>(null)
  /** Oldest first. */
  records = $state.raw<readonly LogRecord[]>([])
  /** Records that had gone before they could be read. */
  missed = $state(0)
  level = $state<LogLevel>('info')
  paused = $state(false)
  loaded = $state(false)
  /** Why the last look failed; empty when it did not. */
  error = $state('')
  shown = $derived(this.records.filter(({ level }) => LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(this.level)))
  #newest = 0

  constructor(private readonly rest: () => Rest) {}

  async poll(signal?: AbortSignal): Promise<void> {
    const rest = this.rest()
    try {
      const [endpoints, clients, store] = await Promise.all([
        rest.endpoints(signal),
        rest.subscriptions(signal),
        rest.dbStats(signal),
        this.paused ? undefined : this.#readLog(rest, signal),
      ])
      this.endpoints = endpoints.endpoints
      this.clients = clients.clients
      this.store = store
      this.loaded = true
      this.error = ''
    } catch (error) {
      if (isAbort(error)) return
      this.error = reason(error)
    }
  }

  /** The shown records as text, one a line. */
  get text(): string {
    return this.shown.map(recordText).join('\n')
  }

  async #readLog(rest: Rest, signal?: AbortSignal): Promise<void> {
    const { records, oldest, newest } = await rest.log('debug', this.#newest, signal)
    if (newest < this.#newest) {
      // The server was started anew and counts from below.
      this.#newest = 0
      this.records = []
      this.missed = 0
      return this.#readLog(rest, signal)
    }
    if (this.#newest > 0 && oldest > this.#newest + 1) this.missed += oldest - this.#newest - 1
    this.#newest = newest
    if (records.length > 0) this.records = [...this.records, ...records].slice(-MAX_KEPT)
  }
}

/** 2025-08-14T12:01:07.123Z WARN message key=value */
export function recordText({ time, level, message, attrs }: LogRecord): string {
  const values = attrs.map(
    ({ key, value }) => `${key}=${/[\s"=]/.test(value) || !value ? JSON.stringify(value) : value}`,
  )
  return [new Date(time).toISOString(), level.toUpperCase(), message, ...values].join(' ')
}
