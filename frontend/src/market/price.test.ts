import { describe, expect, it } from 'vitest'
import {
  digitsFor,
  direction,
  exactNumber,
  formatAmount,
  formatCount,
  formatPercent,
  formatPaid,
  formatPrice,
  formatWhole,
} from './price'
import { SOL } from './quote'

describe('formatPrice', () => {
  it.each([
    [2.795899347623486e-8, 4, '0.0(7)2796'],
    [2.795899347623486e-8, 3, '0.0(7)280'],
    [2.79e-7, 3, '0.0(6)279'],
    [1e-5, 4, '0.0(4)1000'],
    [1.2345e-4, 4, '0.0001234'],
    [0.00123456, 4, '0.001235'],
    [0.5, 4, '0.5000'],
    [1, 4, '1.000'],
    [12.3456, 4, '12.35'],
    [123456.7, 4, '123 457'],
    [9.99996e-8, 4, '0.0(6)1000'], // rounding moves it up one decimal
    [1e-12, 4, '0.0(11)1000'],
    [0, 4, '0'],
    [-2.795e-8, 4, '−0.0(7)2795'],
    [999_999_999, 4, '1.000B'],
    [123_456_789, 4, '123 456 789'],
    [1.2346e9, 4, '1.235B'],
    [123.456e9, 4, '123.5B'],
    [999.99e9, 4, '1.000T'],
    [45.678e12, 3, '45.7T'],
    [1.2345e15, 4, '1.235e15'],
    [-9.9999e21, 4, '−1.000e22'],
    [NaN, 4, '–'],
    [Infinity, 4, '–'],
  ])('%s in %i digits is %s', (value, digits, want) => {
    expect(formatPrice(value, digits)).toBe(want)
  })

  it('reads back within its digits at every size', () => {
    for (let power = -18; power <= 6; power++) {
      const value = 2.7183 * 10 ** power
      const plain = formatPrice(value, 5)
        .replaceAll(' ', '')
        .replace(/\((\d+)\)/, (_, zeros: string) => '0'.repeat(Number(zeros) - 1))
      expect(Math.abs(Number(plain) / value - 1)).toBeLessThan(power > 3 ? 1e-3 : 1e-4)
    }
  })
})

describe('exactNumber', () => {
  it.each([
    [2.795899347623486e-8, '0.00000002795899347623486'],
    [1e-7, '0.0000001'],
    [1.5e-10, '0.00000000015'],
    [-1.5e-10, '-0.00000000015'],
    [0.1, '0.1'],
    [42, '42'],
    [1.25e22, '12500000000000000000000'],
  ])('writes %s out', (value, want) => {
    expect(exactNumber(value)).toBe(want)
    expect(Number(exactNumber(value))).toBe(value)
  })
})

it('gives axis labels as many digits as their step needs', () => {
  expect(digitsFor(2.8e-8, 1e-9)).toBe(3)
  expect(digitsFor(2.8e-8, 1e-11)).toBe(4)
  expect(digitsFor(2.8e-8, 5e-13)).toBe(6)
  expect(digitsFor(1, 0)).toBe(4)
  const step = 2e-12
  const labels = [2.8e-8, 2.8e-8 + step, 2.8e-8 + 2 * step].map((price) => formatPrice(price, digitsFor(2.8e-8, step)))
  expect(new Set(labels).size).toBe(3)
})

it.each([
  [0, '0'],
  [0.05, '0.050'],
  [9.999, '10.0'],
  [950.4, '950'],
  [999.6, '1.00k'],
  [1240, '1.24k'],
  [33.06e6, '33.1M'],
  [2.5e9, '2.50B'],
  [999e12, '999T'],
  [999.96e12, '1.0e15'],
  [1.26e30, '1.3e30'],
  [-1240, '−1.24k'],
  [NaN, '–'],
])('formatAmount(%s) is %s', (value, want) => {
  expect(formatAmount(value)).toBe(want)
})

it('keeps figures of every size in their column', () => {
  for (let power = -30; power <= 300; power++) {
    for (const factor of [1, 1.2345, 9.9949, 9.99999]) {
      const value = factor * 10 ** power
      expect(formatAmount(value).length, `amount of ${value}`).toBeLessThanOrEqual(9)
      expect(formatPercent(value).length, `percent of ${value}`).toBeLessThanOrEqual(9)
      expect(formatPrice(value).length, `price of ${value}`).toBeLessThanOrEqual(11)
    }
  }
})

it('counts whole things without decimals', () => {
  expect([3, 9999, 12_345].map(formatCount)).toEqual(['3', '9 999', '12.3k'])
})

it.each([
  [0.0321, '+3.21%', 1],
  [-0.01049, '−1.05%', -1],
  [0.00001, '0.00%', 0],
  [-0.00001, '0.00%', 0],
  [2.5, '+250%', 1],
  [9.994, '+999%', 1],
  [12.03, '+1 203%', 1],
  [-12.03, '−1 203%', -1],
  [9999.994, '+999 999%', 1],
  [12_345.6, '+1.23M%', 1],
  [NaN, '–', 0],
])('a change of %s reads %s', (value, want, way) => {
  expect(formatPercent(value)).toBe(want)
  expect(direction(value)).toBe(way)
})

it.each([
  ['1240000000000', '1.24k SOL'],
  [0, '0 SOL'],
  [null, '–'],
  ['what', '–'],
])('%s lamports read %s', (lamports, want) => {
  expect(formatPaid(lamports, SOL)).toBe(want)
})

it('says what a coin is paid in', () => {
  expect(formatPaid(1_234_567_000, { symbol: 'USDC', decimals: 6 })).toBe('1.23k USDC')
})

it('groups the digits of a whole number', () => {
  expect([0, 999, 1000, 312_004_117].map(formatWhole)).toEqual(['0', '999', '1 000', '312 004 117'])
})
