import { afterEach, describe, expect, it, vi } from 'vitest'
import type { USD } from '../api/client/index'
import { Dollars } from './dollars.svelte'
import { fakeRest } from './fakes'

const told = (more: Partial<USD> = {}): USD => ({
  asset: 'SOL',
  price: 180.5,
  price_exact: '180.5',
  confidence: 0.05,
  publish_time: 1000,
  age: 7,
  stale: false,
  account: '7UV',
  message: '',
  ...more,
})

let now = 0
let wanted = true
const usd = vi.fn<() => Promise<USD>>()
const dollars = () =>
  new Dollars(
    fakeRest({ usd }),
    () => wanted,
    () => now,
  )

afterEach(() => {
  now = 0
  wanted = true
  usd.mockReset()
  vi.restoreAllMocks()
})

/** So many seconds pass, with a look each. */
async function pass(of: Dollars, seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    now += 1000
    of.tick()
    await Promise.resolve()
  }
}

describe('Dollars', () => {
  it('asks nobody unless dollars are shown on a page that is seen', async () => {
    usd.mockResolvedValue(told())
    const one = dollars()
    wanted = false
    await pass(one, 60)
    wanted = true
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true)
    await pass(one, 60)
    expect(usd).not.toHaveBeenCalled()
    hidden.mockReturnValue(false)
    await pass(one, 1)
    expect(usd).toHaveBeenCalledTimes(1)
    await pass(one, 60)
    expect(usd).toHaveBeenCalledTimes(5)
  })

  it('lets a price grow old while the server is silent, and drops it then', async () => {
    usd.mockResolvedValueOnce(told())
    const one = dollars()
    one.look()
    await vi.waitFor(() => expect(one.rate).toBe(180.5))
    expect(one.age).toBe(7)

    usd.mockRejectedValue(new Error('away'))
    await pass(one, 293)
    expect([one.age, one.rate]).toEqual([300, 180.5])
    await pass(one, 1)
    expect([one.age, one.rate]).toEqual([301, NaN])

    usd.mockResolvedValue(told({ price: 90, age: 0 }))
    await pass(one, 16)
    expect(one.rate).toBe(90)
  })

  it('has no rate where the server has none', async () => {
    usd.mockResolvedValue(told({ price: null, price_exact: null, age: null, stale: true, message: 'nobody to ask' }))
    const one = dollars()
    await pass(one, 3)
    expect([one.age, one.rate, one.told?.message]).toEqual([NaN, NaN, 'nobody to ask'])
  })
})
