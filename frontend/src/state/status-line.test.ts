import { describe, expect, it } from 'vitest'
import type { Node, Status } from '../api/client/index'
import { type StatusInputs, statusLineOf } from './status-line'

const status = (more: Partial<Status> = {}): Status =>
  ({
    cluster: 'devnet',
    connection_status: 'connected',
    lag_slots: 3,
    last_error: '',
    backfill: { running: false, done: 0, total: 0, eta_seconds: 0 },
    ...more,
  }) as Status

const well: StatusInputs = { link: 'connected', silent: false, feed: 'live', status: status(), lost: '' }
const node = (role: Node['role'], trouble: string): Node => ({
  name: 'a',
  role,
  trouble,
  lag: { commits: 3, seconds: 4 },
  lease: { owner: 'b', age_seconds: 1 },
  bus: { server: 'nats-1', connected: true },
})
const reading = { running: true, done: 10, total: 40, eta_seconds: 120 }

describe('how everything stands', () => {
  it.each<[Partial<StatusInputs>, string, string, string, string[]]>([
    [{}, 'live', 'Live', '', []],
    [{ link: 'connecting' }, 'reaching', 'Connecting', '', []],
    [{ link: 'unauthorized' }, 'unauthorized', 'Token needed', '', []],
    [{ link: 'offline', lost: '12:01:07', silent: true }, 'offline', 'Offline', 'since 12:01:07', ['retry']],
    [{ link: 'offline', feed: 'down' }, 'offline', 'Offline', 'No connection to the server. What', ['retry']],
    [{ silent: true, feed: 'down' }, 'silent', 'Server not responding', 'may be out of date', ['retry']],
    [{ status: null, feed: 'unknown' }, 'unknown', 'Waiting', '', []],
    [{ feed: 'off' }, 'off', 'Not reading', 'switched off', ['settings']],
    [{ feed: 'connecting' }, 'connecting', 'Connecting', 'to the devnet cluster', ['health']],
    [
      { feed: 'down', status: status({ last_error: 'no route' }) },
      'down',
      'Cluster unreachable',
      'The devnet cluster cannot be read: no route. Retrying',
      ['health', 'settings'],
    ],
    [{ feed: 'behind', status: status({ lag_slots: 99 }) }, 'behind', 'Catching up', '99 slots behind', ['health']],
    [
      { feed: 'behind', status: status({ connection_status: 'catching_up', backfill: reading }) },
      'behind',
      'Catching up',
      '10 of 40 transactions, about 2m left. Live trades follow',
      ['health'],
    ],
    [
      { feed: 'behind', status: status({ connection_status: 'catching_up' }) },
      'behind',
      'Catching up',
      'since the connection was lost',
      ['health'],
    ],
    [
      { status: status({ backfill: { ...reading, total: 0 } }) },
      'history',
      'Live',
      'Reading older history: counting transactions. New trades keep coming in.',
      ['health'],
    ],
    [{ status: status({ node: node('edge', '') }) }, 'live', 'Live', '', []],
    [
      { feed: 'behind', status: status({ node: node('edge', 'this replica is 3 commits behind') }) },
      'behind',
      'Behind',
      'This replica is 3 commits behind. What is stored',
      ['health'],
    ],
    [
      { status: status({ node: node('writer', 'nothing is stored: the bus is not reached') }) },
      'behind',
      'Not storing',
      'Nothing is stored: the bus is not reached. What',
      ['health'],
    ],
  ])('%j', (more, state, word, text, actions) => {
    const line = statusLineOf({ ...well, ...more })
    expect([line.state, line.word, [...line.actions]]).toEqual([state, word, actions])
    expect(line.text).toContain(text)
    if (!text) expect(line.text).toBe('')
  })
})
