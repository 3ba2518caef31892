import { expect, it } from 'vitest'
import type { AlertRule } from '../api/client/index'
import { commandOf, draftOf, isProblem, type Rule, ruleWords, toRule } from '../market/alert'
import type { Drawing } from '../market/drawing/drawing'
import { Drawings } from './drawings.svelte'
import { alertAt, followLine, lineOf } from './line-alerts'

const MINT = 'So11111111111111111111111111111111111111112'

function around(writable = true) {
  const said: string[] = []
  const written: unknown[] = []
  const alerts = {
    rules: [] as AlertRule[],
    writable,
    problem: null,
    draft: null as ReturnType<typeof draftOf> | null,
    again: async (rule: AlertRule) => (written.push(rule), true),
    delete: async (id: string) => (written.push(id), true),
  }
  const workspace = {
    alerts,
    toasts: { show: (_: string, text: string) => void said.push(text) },
    clock: { now: 1000 },
    market: { last: { close: 5 } },
    navigation: { showAlerts: () => undefined },
  } as unknown as Parameters<typeof alertAt>[0]
  return { workspace, alerts, said, written }
}

const ray = (...points: [number, number][]): Drawing => ({
  id: 1,
  kind: 'ray',
  points: points.map(([time, price]) => ({ time, price })),
  text: '',
})

it('takes a line forward in time, and no other', () => {
  expect(lineOf(ray([100, 1], [200, 2]))).toEqual({
    from_time: 100,
    from_price: '1',
    to_time: 200,
    to_price: '2',
    ray: true,
  })
  expect(lineOf(ray([200, 2], [100, 1]))).toBeUndefined()
  expect(lineOf(ray([100, 1], [100, 2]))).toBeUndefined()
  expect(lineOf({ ...ray([200, 2], [100, 1]), kind: 'trend' })).toMatchObject({ from_time: 100, to_time: 200 })
  expect(lineOf({ ...ray([100, 1], [200, 2]), kind: 'fib' })).toBeUndefined()
})

it('opens the form for a line, by which side of it the price is now', () => {
  const { workspace, alerts, said } = around()
  alertAt(workspace, MINT, ray([0, 1], [500, 2])) // 3 now
  expect(alerts.draft?.kind).toBe('line_below')
  alertAt(workspace, MINT, ray([100, 1], [200, 2])) // 10 now
  expect(alerts.draft?.kind).toBe('line_above')

  const rule = toRule(alerts.draft as NonNullable<typeof alerts.draft>)
  if (isProblem(rule)) throw new Error(rule.text)
  expect(rule).toMatchObject({ symbol: MINT, from_time: 100, from_price: '1', to_time: 200, to_price: '2', ray: true })
  expect(toRule(draftOf(rule))).toEqual(rule)
  expect(commandOf(rule)).toContain('--from-time 100 --from-price 1 --to-time 200 --to-price 2 --ray --once')
  expect(ruleWords(rule, () => 'WAFL')).toBe('WAFL rises to the line from 1.00000 to 2.00000')

  alerts.draft = null
  alertAt(workspace, MINT, { ...ray([100, 1], [200, 2]), kind: 'trend' })
  alertAt(workspace, MINT, ray([200, 1], [100, 2]))
  expect(alerts.draft).toBeNull()
  expect(said).toHaveLength(2)
})

it('moves and deletes the rule with its line, undone steps too', async () => {
  for (const writable of [true, false]) {
    const { workspace, alerts, said, written } = around(writable)
    const changes: Promise<void>[] = []
    const drawings = new Drawings(null, workspace.toasts, Date.now, (...change) =>
      changes.push(followLine(workspace, ...change)),
    )
    drawings.add(MINT, 'ray', ray([100, 1], [200, 2]).points)
    const [drawn] = drawings.of(MINT) as [Drawing]
    const rule: Rule = { id: 'r', kind: 'line_above', symbol: MINT, created_at: 7, ...lineOf(drawn) }
    alerts.rules = [rule as AlertRule, { ...rule, id: 'elsewhere', to_price: '3' } as AlertRule]

    drawings.change(MINT, { ...drawn, points: ray([100, 1], [200, 1.2]).points })
    await Promise.all(changes)
    if (writable) expect(written.splice(0)).toMatchObject([{ id: 'r', kind: 'line_below', to_price: '1.2', ray: true }])
    else expect(said.splice(0).join()).toMatch(/stays where the line was/)

    drawings.undo(MINT) // there is no rule where it was dragged to
    await Promise.all(changes)
    expect(written).toEqual([])
    drawings.remove(MINT)
    await Promise.all(changes)
    expect(written).toEqual(writable ? ['r'] : [])
    expect(said.join()).toMatch(writable ? /deleted with it/ : /stays where the line was/)
  }
})
