import { expect, it } from 'vitest'
import { lackText, ownMarks, toHolding } from './holding'
import { isWallet, MAX_WALLETS, nameOf, walletProblem } from './wallet'

const ADDRESS = 'So11111111111111111111111111111111111111112'
const OTHER = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v'

it('takes addresses, each once, and no more than it follows', () => {
  const wallet = { address: ADDRESS, label: 'cold', mine: true }
  expect(walletProblem(ADDRESS, [])).toBe('')
  expect(walletProblem('a seed phrase of twelve words', [])).toMatch(/Never enter a key/)
  expect(walletProblem(ADDRESS, [wallet])).toMatch(/already/)
  expect(walletProblem(OTHER, Array(MAX_WALLETS).fill(wallet))).toMatch(/No more than/)
  expect(isWallet(wallet)).toBe(true)
  expect(isWallet({ ...wallet, address: 'x' })).toBe(false)
  expect(isWallet({ ...wallet, label: 'x'.repeat(25) })).toBe(false)
  expect(isWallet(null)).toBe(false)
})

it('calls an account by its label, else by the ends of its address', () => {
  expect(nameOf(ADDRESS, [{ address: ADDRESS, label: 'cold', mine: false }])).toBe('cold')
  expect(nameOf(ADDRESS, [{ address: ADDRESS, label: '', mine: false }])).toBe('So11…1112')
  expect(nameOf(OTHER, [])).toBe('EPjF…Dt1v')
})

const told = {
  held_amount: '2000000',
  entry_price: 0.5,
  value_amount: 3_000_000_000,
  unrealised_amount: 2_000_000_000,
  unrealised: 2,
  realised_amount: -500_000_000,
  volume_amount: 7_000_000_000,
  fee_amount: 0,
  fees_unknown: 3,
}

it('counts a position in whole units, and says nothing of fees that no event told', () => {
  expect(toHolding(told, 6, 9)).toEqual({
    held: 2,
    entry: 0.5,
    value: 3,
    unrealised: 2,
    part: 2,
    realised: -0.5,
    volume: 7,
    fees: NaN,
  })
  expect(toHolding({ ...told, fee_amount: 10_000_000 }, 6, 9).fees).toBe(0.01)
  expect(toHolding({ ...told, fees_unknown: 0 }, 6, 9).fees).toBe(0)
  const { held_amount, realised_amount, volume_amount, fee_amount, fees_unknown } = told
  const unpriced = { held_amount, realised_amount, volume_amount, fee_amount, fees_unknown }
  expect(toHolding({ ...unpriced, unrealised: null, entry_price: null }, 6, 9)).toMatchObject({
    value: NaN,
    unrealised: NaN,
    part: NaN,
    entry: NaN,
  })
})

it('says why something may lack', () => {
  expect(lackText([])).toBe('')
  expect(lackText(null)).toBe('')
  expect(lackText(['gaps', 'history'])).toBe('the stored history has gaps, the coin is older than the stored history')
})

it('marks the candles in which a wallet bought and sold, once each', () => {
  const event = (time: string, buy: boolean) =>
    ({
      event_type: 'BuySell',
      is_buy: buy,
      token_amount: 1,
      sol_amount: 1,
      signature: time,
      slot: 1,
      ordinal: 0,
      timestamp: time,
    }) as const
  const minute = (time: number) => time - (time % 60)
  const marks = ownMarks(
    [
      event('1970-01-01T00:02:01Z', false),
      event('1970-01-01T00:01:01Z', true),
      event('1970-01-01T00:01:59Z', true),
      { ...event('1970-01-01T00:05:00Z', true), event_type: 'TokenCreated' },
    ],
    minute,
  )
  expect(marks).toEqual([
    { time: 60, side: 'buy' },
    { time: 120, side: 'sell' },
  ])
})
