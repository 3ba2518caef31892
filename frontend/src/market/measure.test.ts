import { describe, expect, it } from 'vitest'
import { measured, measureOf, measureText, plain } from './measure'
import { SOL } from './quote'

const USDC = { symbol: 'USDC', decimals: 6 }

describe('measureOf', () => {
  const coin = { quote: SOL, supply: 1e9 }

  it('shows prices as they are unless something else is wanted', () => {
    expect(measureOf('price', 'quote', coin, 180)).toEqual(plain('SOL'))
    expect(measureText(plain('SOL'), 'SOL')).toBe('')
  })

  it('turns prices into market caps, and both into dollars', () => {
    expect(measureOf('cap', 'quote', coin, 180)).toEqual({ price: 1e9, paid: 1, unit: 'SOL', cap: true })
    expect(measureOf('price', 'usd', coin, 180)).toEqual({ price: 180, paid: 180, unit: 'USD', cap: false })
    const both = measureOf('cap', 'usd', coin, 180)
    expect(both).toEqual({ price: 180e9, paid: 180, unit: 'USD', cap: true })
    expect(measureText(both, 'SOL')).toBe('market cap, USD')
    expect(measureText(measureOf('cap', 'quote', coin, 180), 'SOL')).toBe('market cap')
  })

  it('shows what is known where the rest is not', () => {
    expect(measureOf('cap', 'usd', { quote: SOL, supply: NaN }, 180)).toEqual({
      price: 180,
      paid: 180,
      unit: 'USD',
      cap: false,
    })
    expect(measureOf('cap', 'usd', coin, NaN)).toEqual({ price: 1e9, paid: 1, unit: 'SOL', cap: true })
  })

  it('writes an amount with its unit, and what is not known without', () => {
    const usd = measureOf('cap', 'usd', coin, 180)
    expect([measured(10, usd), measured(0, plain('SOL')), measured(NaN, usd)]).toEqual(['1.80k USD', '0 SOL', '–'])
  })

  it('knows the dollar price of SOL alone', () => {
    expect(measureOf('price', 'usd', { quote: USDC, supply: 1e9 }, 180)).toEqual(plain('USDC'))
  })
})
