import { describe, expect, it } from 'vitest'
import {
  ALERT_KINDS,
  commandOf,
  type Draft,
  draftOf,
  isProblem,
  levelsOf,
  newDraft,
  pointedPrice,
  readProblem,
  type Rule,
  ruleWords,
  toRule,
} from './alert'

const MINT = 'JBMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUTBZ'

const WALLET = 'JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG'

const draft = (more: Partial<Draft>): Draft => ({ ...newDraft(MINT, 2.8e-8, 2.7e-8), ...more })

describe('a draft', () => {
  it('looks the way the price lies, with every digit and no exponent', () => {
    expect(newDraft(MINT, 2.8e-8, 2.7e-8)).toMatchObject({ kind: 'price_above', price: '0.000000028' })
    expect(newDraft(MINT, 2.6e-8, 2.7e-8)).toMatchObject({ kind: 'price_below', price: '0.000000026' })
    expect(newDraft(MINT, NaN).price).toBe('')
    expect(newDraft(MINT, 1 / 3e18).price).toBe('0.0000000000000000003333333333')
    expect(pointedPrice(2.795899123e-8)).toBe(2.7959e-8)
  })

  it('becomes a rule with the members that its kind has a use for, and no others', () => {
    const full = draft({
      percent: '5',
      window: '5',
      factor: '3',
      minSize: '1.5',
      once: true,
      wallet: WALLET,
      cap: '250.5',
      line: { from_time: 100, from_price: '1', to_time: 200, to_price: '2', ray: true },
    })
    const rules = Object.fromEntries(ALERT_KINDS.map(({ value: kind }) => [kind, toRule({ ...full, kind })]))
    const common = { id: '', created_at: 0, once: true }
    expect(rules).toEqual({
      price_above: { ...common, kind: 'price_above', symbol: MINT, price: '0.000000028' },
      price_below: { ...common, kind: 'price_below', symbol: MINT, price: '0.000000028' },
      market_cap_above: { ...common, kind: 'market_cap_above', symbol: MINT, market_cap: '250.5' },
      market_cap_below: { ...common, kind: 'market_cap_below', symbol: MINT, market_cap: '250.5' },
      line_above: { ...common, kind: 'line_above', symbol: MINT, ...full.line },
      line_below: { ...common, kind: 'line_below', symbol: MINT, ...full.line },
      percent_move: {
        ...common,
        kind: 'percent_move',
        symbol: MINT,
        direction: 'both',
        percent: 5,
        window_seconds: 300,
      },
      volume_spike: { ...common, kind: 'volume_spike', symbol: MINT, factor: 3, window_seconds: 300 },
      liquidation: { ...common, kind: 'liquidation', symbol: MINT, min_size: '1.5' },
      wallet_trade: { ...common, kind: 'wallet_trade', symbol: MINT, wallet: WALLET, min_size: '1.5' },
      new_token: { ...common, kind: 'new_token' },
      connection_lost: { ...common, kind: 'connection_lost' },
    })
  })

  it('comes back from its rule', () => {
    for (const { value: kind } of ALERT_KINDS) {
      const more = { minSize: '2', muted: true, window: '90', unit: 's', created: 7, wallet: WALLET, cap: '9' } as const
      const rule = toRule(draft({ id: 'r1', kind, ...more }))
      if (isProblem(rule)) throw new Error(rule.text)
      expect(toRule(draftOf(rule))).toEqual(rule)
    }
  })

  it.each<[string, Partial<Draft>]>([
    ['symbol', { symbol: ' ' }],
    ['symbol', { symbol: 'OAK' }],
    ['symbol', { kind: 'liquidation', symbol: MINT.slice(1, -1) }],
    ['price', { price: '' }],
    ['market_cap', { kind: 'market_cap_above', cap: '1e3' }],
    ['market_cap', { kind: 'market_cap_below', cap: '0.0' }],
    ['price', { price: '0.000' }],
    ['price', { price: '2.7e-8' }],
    ['price', { price: '-1' }],
    ['price', { price: '1,5' }],
    ['percent', { kind: 'percent_move', percent: '0' }],
    ['percent', { kind: 'percent_move', percent: 'NaN' }],
    ['factor', { kind: 'volume_spike', factor: '' }],
    ['window_seconds', { kind: 'percent_move', window: '9', unit: 's' }],
    ['window_seconds', { kind: 'percent_move', window: '25', unit: 'h' }],
    ['window_seconds', { kind: 'percent_move', window: '1.01', unit: 'min' }],
    ['min_size', { kind: 'liquidation', minSize: 'much' }],
    ['wallet', { kind: 'wallet_trade', wallet: '' }],
    ['wallet', { kind: 'wallet_trade', wallet: MINT.slice(2) }],
  ])('that makes no sense says so at %s: %j', (field, more) => {
    const problem = toRule(draft(more))
    expect(isProblem(problem) && problem.field).toBe(field)
  })
})

describe('a rule', () => {
  const name = (mint: string) => (mint === MINT ? 'OAK' : '?')
  const base = { id: 'r', created_at: 0 }

  it.each<[Rule, string, string]>([
    [
      { ...base, kind: 'price_above', symbol: MINT, price: '0.000000028' },
      'OAK rises to 0.0(7)280000',
      `spinscope alert add --kind price_above --symbol ${MINT} --price 0.000000028`,
    ],
    [
      { ...base, kind: 'percent_move', percent: 0.5, direction: 'up', window_seconds: 7200, once: true },
      'Any token moves up 0.5% within 2h',
      'spinscope alert add --kind percent_move --direction up --percent 0.5 --window 7200 --once',
    ],
    [
      { ...base, kind: 'percent_move', symbol: MINT, percent: 5, direction: 'both', window_seconds: 90 },
      'OAK moves up or down 5% within 90s',
      `spinscope alert add --kind percent_move --symbol ${MINT} --percent 5 --window 90`,
    ],
    [
      { ...base, kind: 'liquidation', min_size: '1.50' },
      'Any token: liquidation of 1.5 SOL or more',
      'spinscope alert add --kind liquidation --min-size 1.50',
    ],
    [
      { ...base, kind: 'market_cap_below', symbol: MINT, market_cap: '250.5' },
      'OAK: market cap falls to 250.5 SOL',
      `spinscope alert add --kind market_cap_below --symbol ${MINT} --market-cap 250.5`,
    ],
    [
      { ...base, kind: 'wallet_trade', symbol: MINT, wallet: WALLET, min_size: '2' },
      'JEKN…WxFG trades OAK for 2 SOL or more',
      `spinscope alert add --kind wallet_trade --symbol ${MINT} --wallet ${WALLET} --min-size 2`,
    ],
    [
      { ...base, kind: 'connection_lost' },
      'Connection to the cluster lost',
      'spinscope alert add --kind connection_lost',
    ],
  ])('reads well and makes a command: %j', (rule, words, command) => {
    expect(ruleWords(rule, name)).toBe(words)
    expect(commandOf(rule)).toBe(command)
  })

  it('cannot smuggle anything into the command', () => {
    const rule = { ...base, kind: 'price_above' as const, symbol: "x'; rm -rf ~ #", price: '$(id)' }
    expect(commandOf(rule)).toBe(`spinscope alert add --kind price_above --symbol 'x'\\''; rm -rf ~ #' --price '$(id)'`)
  })

  it('is drawn while it waits', () => {
    const rule = (id: string, more: object) => ({
      ...base,
      id,
      kind: 'price_above' as const,
      symbol: MINT,
      price: '2',
      ...more,
    })
    const rules = [
      rule('drawn', {}),
      rule('low', { kind: 'price_below', price: '1' }),
      rule('muted', { muted: true }),
      rule('spent', { spent: true }),
      rule('other', { symbol: 'other' }),
      rule('move', { kind: 'percent_move' }),
      rule('odd', { price: 'x' }),
    ]
    expect(levelsOf(rules, MINT)).toEqual([
      { id: 'drawn', price: 2, above: true },
      { id: 'low', price: 1, above: false },
    ])
  })
})

describe('a rejection', () => {
  it('names its field, or is about the whole', () => {
    expect(readProblem('price: "x" is no price')).toEqual({ field: 'price', text: '"x" is no price' })
    expect(readProblem('open /data/alerts.json: no space left')).toEqual({
      field: '',
      text: 'open /data/alerts.json: no space left',
    })
    expect(readProblem('')).toEqual({ field: '', text: '' })
  })
})
