import { expect, it } from 'vitest'
import type { CoinTraders, Order, Wallet } from '../api/client/index'
import { RestError } from '../api/rest'
import { fakeRest } from './fakes'
import { Prefs } from './prefs.svelte'
import { ownTrades } from './own-trades'
import { Positions } from './positions.svelte'
import { Wallets } from './wallets.svelte'

const A = 'So11111111111111111111111111111111111111112'
const B = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v'
const wallet = (address: string, entry: number | null) =>
  ({ address, positions: [{ entry_price: entry }] }) as unknown as Wallet

it('keeps wallets in the order they were added, and only what is one', () => {
  const prefs = new Prefs(null)
  const wallets = new Wallets(prefs)
  expect(wallets.add({ address: A, label: 'cold', mine: true })).toBe('')
  expect(wallets.add({ address: A, label: 'again', mine: true })).toMatch(/already/)
  expect(wallets.add({ address: 'key', label: '', mine: true })).toMatch(/Never enter a key/)
  expect(wallets.add({ address: B, label: '', mine: false })).toBe('')
  wallets.change(A, { mine: false })
  expect(prefs.values.wallets).toEqual([
    { address: A, label: 'cold', mine: false },
    { address: B, label: '', mine: false },
  ])
  wallets.remove(A)
  expect(wallets.list.map(({ address }) => address)).toEqual([B])
})

it('says why positions are not up to date, and keeps what was known', async () => {
  let fails = false
  const rest = fakeRest({
    wallet: (address) => (fails ? Promise.reject(new RestError('gone', 0)) : Promise.resolve(wallet(address, 1))),
  })
  const positions = new Positions(rest)
  await positions.read([A])
  fails = true
  await positions.read([A])
  expect(positions.answers[A]?.address).toBe(A)
  expect(positions.error).toMatch(/gone/)
})

it('shows the traders of one coin at a time', async () => {
  const answers: Record<string, Promise<CoinTraders>> = {
    ONE: Promise.resolve({ mint_account: 'ONE' } as CoinTraders),
    TWO: Promise.reject(new RestError('no', 500)),
  }
  const positions = new Positions(fakeRest({ traders: (mint) => answers[mint] ?? Promise.reject(new Error()) }))
  await positions.readTraders('ONE', 'realised_desc')
  expect(positions.traders?.mint_account).toBe('ONE')
  await positions.readTraders('TWO', 'realised_desc')
  expect(positions.traders).toBeNull()
  expect(positions.tradersError).toMatch(/no/)
})

it('draws the entry and the liquidation prices of own wallets alone', async () => {
  const order = { order_pda: 'P', order_type: 2, lock_lp_start_price: '250', price_decimals: 2 } as Order
  const asked: string[] = []
  const rest = fakeRest({
    wallet: (address, _limit, _signal, mint) => {
      asked.push(`${address} ${mint}`)
      return Promise.resolve(wallet(address, 0.5))
    },
    userOrders: () => Promise.resolve([order]),
    userEvents: () => Promise.resolve([]),
  })
  const wallets = [
    { address: A, label: 'cold', mine: true },
    { address: B, label: '', mine: false },
  ]
  expect((await ownTrades(rest(), wallets, 'MINT')).levels).toEqual([
    { id: 'P', price: 2.5, kind: 'liquidation', title: 'liq. short cold' },
    { id: A, price: 0.5, kind: 'entry', title: 'entry cold' },
  ])
  expect(asked).toEqual([`${A} MINT`])
})
