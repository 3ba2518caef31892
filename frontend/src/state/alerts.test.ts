import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Alert, AlertRule } from '../api/client/index'
import { RestError } from '../api/rest'
import { Alerts, type RuleWriter } from './alerts.svelte'
import { fakeRest } from './fakes'
import { Toasts } from './toasts.svelte'

const MINT = 'JBMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUTBZ'

const alert = (seq: number, more: Partial<Alert> = {}): Alert => ({
  id: `a${seq}`,
  rule: 'r1',
  kind: 'price_above',
  symbol: MINT,
  message: `alert ${seq}`,
  value: 1,
  value_exact: '1',
  timestamp: seq * 1000,
  seq,
  slot: seq,
  signature: 's',
  late: false,
  ...more,
})
const rule: AlertRule = { id: 'r1', kind: 'price_above', symbol: MINT, price: '2', created_at: 1 }

/** A server with these alerts, newest first. */
let served: Alert[]
let rules: AlertRule[]
let seen: number
let told: string[][]

const answer = (page: number, limit: number) => ({
  rules,
  alerts: served.slice((page - 1) * limit, page * limit),
  total: served.length,
  page,
  limit,
  has_next: page * limit < served.length,
  has_prev: page > 1,
})

function make(writer: RuleWriter | null = null): Alerts {
  const rest = fakeRest({ alerts: async (page: number, limit: number) => answer(page, limit) })
  const alerts = new Alerts(rest, writer, { seen: () => seen, see: (time) => (seen = time) })
  alerts.announce = (list) => told.push(list.map(({ id }) => id))
  return alerts
}

const ids = (alerts: Alerts) => alerts.fired.map(({ id }) => id)

beforeEach(() => {
  vi.useFakeTimers()
  served = [alert(3), alert(2), alert(1)]
  rules = [rule]
  seen = 0
  told = []
  return () => vi.useRealTimers()
})

describe('alerts', () => {
  it('are read, and those since the last look count', async () => {
    seen = 1000
    const alerts = make()
    await alerts.read()
    expect(ids(alerts)).toEqual(['a3', 'a2', 'a1'])
    expect(alerts.unseen).toBe(2)
    alerts.see()
    expect([alerts.unseen, seen]).toEqual([0, 3000])
    await alerts.read()
    expect(alerts.unseen).toBe(0)
    expect(told).toEqual([])
  })

  it('come by push once, newest first, and those that come together are told together', async () => {
    const alerts = make()
    await alerts.read()
    alerts.see()
    alerts.onAlert(alert(4))
    alerts.onAlert(alert(5))
    alerts.onAlert(alert(4))
    alerts.onAlert(alert(2))
    expect(ids(alerts)).toEqual(['a5', 'a4', 'a3', 'a2', 'a1'])
    expect([alerts.unseen, alerts.total]).toEqual([2, 5])
    vi.runAllTimers()
    expect(told).toEqual([['a4', 'a5']])
    alerts.onAlert(alert(6))
    vi.runAllTimers()
    expect(told).toHaveLength(2)
  })

  it('that are late are listed and counted, and call nobody', () => {
    const alerts = make()
    alerts.onAlert(alert(4, { late: true }))
    vi.runAllTimers()
    expect([ids(alerts), alerts.unseen, told]).toEqual([['a4'], 1, []])
  })

  it('pushed while a page is being read are kept', async () => {
    const alerts = make()
    const reading = alerts.read()
    alerts.onAlert(alert(9))
    await reading
    expect(ids(alerts)).toEqual(['a9', 'a3', 'a2', 'a1'])
  })

  it('of another store replace those known', async () => {
    const alerts = make()
    await alerts.read()
    served = [alert(1, { id: 'new' })]
    await alerts.read()
    expect(ids(alerts)).toEqual(['new'])
  })

  it('of the pages after are joined, once each, and bounded', async () => {
    served = Array.from({ length: 1200 }, (_, i) => alert(1200 - i))
    const alerts = make()
    await alerts.read()
    expect(alerts.fired).toHaveLength(50)
    alerts.onAlert(alert(1201))
    served = [alert(1201), ...served]
    await alerts.more()
    expect(alerts.fired).toHaveLength(100)
    for (let page = 0; page < 40; page++) await alerts.more()
    expect(alerts.fired).toHaveLength(1000)
    expect(new Set(ids(alerts)).size).toBe(1000)
    await alerts.read()
    expect(alerts.fired).toHaveLength(1000)
  })

  it('that cannot be read leave what is known, and say why', async () => {
    const failing = fakeRest({ alerts: () => Promise.reject(new RestError('the server does not answer', 0)) })
    const alerts = new Alerts(failing, null, { seen: () => 0, see: () => undefined })
    await alerts.read()
    expect([alerts.phase, alerts.error]).toEqual(['error', 'the server does not answer'])
    const old = fakeRest({ alerts: () => Promise.reject(new RestError('no such route', 404)) })
    const none = new Alerts(old, null, { seen: () => 0, see: () => undefined })
    await none.read()
    expect(none.error).toBe('This server has no alerts.')
  })
})

describe('rules', () => {
  it('are saved as the form says, and read again', async () => {
    const saved: AlertRule[] = []
    const alerts = make({ save: async (one) => (saved.push(one), one), delete: async () => undefined })
    alerts.begin(MINT, 3, 2)
    rules = [rule, { ...rule, id: 'r2' }]
    expect(await alerts.save()).toBe(true)
    expect(saved).toEqual([{ id: '', kind: 'price_above', once: true, symbol: MINT, price: '3', created_at: 0 }])
    expect([alerts.draft, alerts.rules.length]).toEqual([null, 2])
  })

  it('that are refused stay in the form, with the reason at the field', async () => {
    const alerts = make({
      save: () => Promise.reject('price: "3" has more than 28 decimals'),
      delete: async () => undefined,
    })
    alerts.begin(MINT, 3)
    expect(await alerts.save()).toBe(false)
    expect(alerts.draft?.price).toBe('3')
    expect(alerts.problem).toEqual({ field: 'price', text: '"3" has more than 28 decimals' })
    if (alerts.draft) alerts.draft.price = ''
    expect(await alerts.save()).toBe(false)
    expect(alerts.problem?.field).toBe('price')
  })

  it('wait for another price, above or below as that lies to the last one', async () => {
    const saved: AlertRule[] = []
    const alerts = make({ save: async (one) => (saved.push(one), one), delete: async () => undefined })
    rules = [{ ...rule, spent: false }]
    await alerts.read()
    expect(await alerts.move(rule.id, 2.5000004, 2)).toBe(true)
    expect(await alerts.move(rule.id, 1, 2)).toBe(true)
    expect(saved.map(({ kind, price, created_at }) => [kind, price, created_at])).toEqual([
      ['price_above', '2.5', 0],
      ['price_below', '1', 0],
    ])
    expect(saved[0]).not.toHaveProperty('spent')
    expect([await alerts.move('other', 1, 2), await alerts.move(rule.id, NaN, 2), saved.length]).toEqual([
      false,
      false,
      2,
    ])
  })

  it('are muted, woken and deleted without what only answers have', async () => {
    const calls: unknown[] = []
    const alerts = make({ save: async (one) => (calls.push(one), one), delete: async (id) => void calls.push(id) })
    await alerts.mute({ ...rule, spent: true }, true)
    await alerts.again({ ...rule, spent: true, once: true })
    await alerts.delete('r1')
    expect(calls).toEqual([{ ...rule, muted: true }, { ...rule, once: true, created_at: 0 }, 'r1'])
  })

  it('cannot be changed from a browser', async () => {
    const alerts = make()
    expect(alerts.writable).toBe(false)
    alerts.begin(MINT, 3)
    expect(await alerts.save()).toBe(false)
    expect(alerts.rule).toMatchObject({ kind: 'price_above', price: '3' })
  })

  it('that fire once are done', async () => {
    rules = [{ ...rule, once: true }]
    const alerts = make()
    await alerts.read()
    expect(alerts.levels(MINT)).toHaveLength(1)
    alerts.onAlert(alert(4))
    expect(alerts.levels(MINT)).toHaveLength(0)
  })
})

describe('toasts', () => {
  it('of alerts never crowd out the others', () => {
    const toasts = new Toasts()
    toasts.show('bad', 'no')
    for (let i = 0; i < 9; i++) toasts.show('alert', String(i), () => undefined)
    expect(toasts.list.map(({ text }) => text)).toEqual(['no', '7', '8'])
    vi.runAllTimers()
    expect(toasts.list).toEqual([])
  })
})
