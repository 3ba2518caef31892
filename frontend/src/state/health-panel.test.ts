import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../api/client/index'
import { RestError } from '../api/rest'
import { fakeRest } from './fakes'
import { HealthPanel, recordText } from './health-panel.svelte'

const record = (seq: number, level: LogRecord['level'] = 'info'): LogRecord => ({
  seq,
  time: seq * 1000,
  level,
  message: `m${seq}`,
  attrs: [],
})

/** A server that keeps the newest 500 records of its log. */
class Server {
  log: LogRecord[] = []
  fail: RestError | undefined
  asked: number[] = []

  readonly rest = fakeRest({
    endpoints: async () => {
      if (this.fail) throw this.fail
      return { endpoints: [], total: 0 }
    },
    subscriptions: async () => ({ timestamp: 0, total_connections: 0, total_rooms: 0, clients: [], rooms: [] }),
    dbStats: async () => ({ lsm_bytes: 1, value_log_bytes: 2, total_bytes: 3, keys: {}, seq: 4 }),
    log: async (_: LogRecord['level'], after: number) => {
      this.asked.push(after)
      const kept = this.log.slice(-500)
      return {
        records: kept.filter(({ seq }) => seq > after),
        oldest: kept[0]?.seq ?? 0,
        newest: kept.at(-1)?.seq ?? 0,
      }
    },
  })

  write(count: number, level: LogRecord['level'] = 'info'): void {
    const from = this.log.at(-1)?.seq ?? 0
    for (let i = 1; i <= count; i++) this.log.push(record(from + i, level))
  }
}

const seqs = (panel: HealthPanel) => panel.records.map(({ seq }) => seq)

describe('the log tail', () => {
  it('asks for what is new, keeps 500, and counts what was gone too soon', async () => {
    const server = new Server()
    server.write(3)
    const panel = new HealthPanel(server.rest)
    await panel.poll()
    expect(seqs(panel)).toEqual([1, 2, 3])
    server.write(2)
    await panel.poll()
    expect([seqs(panel), server.asked, panel.missed]).toEqual([[1, 2, 3, 4, 5], [0, 3], 0])
    server.write(700)
    await panel.poll()
    expect([panel.records.length, panel.records[0]?.seq, panel.missed]).toEqual([500, 206, 200])
  })

  it('shows a level and above, from what it holds', async () => {
    const server = new Server()
    for (const level of ['debug', 'info', 'warn', 'error'] as const) server.write(1, level)
    const panel = new HealthPanel(server.rest)
    await panel.poll()
    expect(panel.shown.map(({ level }) => level)).toEqual(['info', 'warn', 'error'])
    panel.level = 'debug'
    expect(panel.shown).toHaveLength(4)
    panel.level = 'error'
    expect(panel.text).toBe('1970-01-01T00:00:04.000Z ERROR m4')
  })

  it('stands still while paused, and misses nothing that the server keeps', async () => {
    const server = new Server()
    server.write(1)
    const panel = new HealthPanel(server.rest)
    await panel.poll()
    panel.paused = true
    server.write(2)
    await panel.poll()
    expect(seqs(panel)).toEqual([1])
    panel.paused = false
    await panel.poll()
    expect(seqs(panel)).toEqual([1, 2, 3])
  })

  it('begins anew with a server that was started anew', async () => {
    const server = new Server()
    server.write(9)
    const panel = new HealthPanel(server.rest)
    await panel.poll()
    server.log = [record(1), record(2)]
    await panel.poll()
    expect(seqs(panel)).toEqual([1, 2])
  })

  it('is copied as text that can be read by machine and person', () => {
    const attrs = [
      { key: 'err', value: 'no "route" here' },
      { key: 'slot', value: '7' },
      { key: 'empty', value: '' },
    ]
    expect(recordText({ ...record(1, 'warn'), attrs })).toBe(
      '1970-01-01T00:00:01.000Z WARN m1 err="no \\"route\\" here" slot=7 empty=""',
    )
  })
})

describe('the figures', () => {
  it('that cannot be read say why, and stay', async () => {
    const server = new Server()
    const panel = new HealthPanel(server.rest)
    await panel.poll()
    server.fail = new RestError('the server does not answer', 0)
    await panel.poll()
    expect([panel.loaded, panel.error, panel.store?.total_bytes]).toEqual([true, 'the server does not answer', 3])
    server.fail = undefined
    await panel.poll()
    expect(panel.error).toBe('')
  })
})
