import { describe, expect, it } from 'vitest'
import { addressIn, addressProblem, isAddress } from './address'

describe('an address', () => {
  it.each([
    '11111111111111111111111111111111',
    'So11111111111111111111111111111111111111112',
    'JBMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUTBZ',
    'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
    // The largest there is: 32 bytes of 255.
    'JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG',
  ])('is %s', (text) => {
    expect(isAddress(text)).toBe(true)
    expect(addressProblem(text)).toBe('')
  })

  it.each([
    ['', 'choose'],
    ['FOX', 'choose'],
    ['a name of several words, longer than any address is', 'choose'],
    ['1111111111111111111111111111111', '32 bytes'],
    ['111111111111111111111111111111111', '32 bytes'],
    ['JBMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUT', '32 bytes'],
    ['JBMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUTBZZ', '32 bytes'],
    ['JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFH', '32 bytes'],
    ['0BMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUTBZ', '32 bytes'],
    ['JBMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUTB\u200b', '32 bytes'],
    ['z'.repeat(44), '32 bytes'],
  ])('is not %j', (text, why) => {
    expect(isAddress(text)).toBe(false)
    expect(addressProblem(text)).toContain(why)
  })
})

describe('the address in a text', () => {
  const mint = 'CWiTGbCiDd8BKtNYNE2boT9fJGFG2MU53Uf6HQk4pump'
  it.each([
    [mint, mint],
    [` ${mint}\n`, mint],
    [`https://pump.fun/coin/${mint}?ref=x`, mint],
    [`${mint} and ${mint}`, mint],
    [`https://dex.example/solana/${mint}/JBMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUTBZ`, ''],
    ['https://pump.fun/board', ''],
    ['FOX', ''],
    ['', ''],
  ])('%j holds %j', (text, held) => expect(addressIn(text)).toBe(held))
})
