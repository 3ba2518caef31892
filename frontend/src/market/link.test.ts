import { expect, it } from 'vitest'
import { linkTo, readLink } from './link'

const mint = 'So11111111111111111111111111111111111111112'
const base = 'http://127.0.0.1:5051'

it('says after its # what it opens, and is read so', () => {
  const whole = { mint, interval: 'm5' as const, range: { from: 1760054400, to: 1760058000 } }
  const link = linkTo(base, whole)
  expect(link).toBe(`${base}/#coin=${mint}&interval=m5&from=1760054400&to=1760058000`)
  for (const one of [whole, { mint, interval: undefined, range: undefined }])
    expect(readLink(new URL(linkTo(base, one)).hash)).toEqual(one)
})

it.each([
  ['', 'it names no coin'],
  ['#top', 'it names no coin'],
  ['#coin=SPT', 'its coin is not an address of Solana'],
  [`#coin=${mint}&interval=m7`, 'its interval is not one that there is'],
  [`#coin=${mint}&from=1`, 'its time does not begin before it ends'],
  [`#coin=${mint}&from=2&to=2`, 'its time does not begin before it ends'],
  [`#coin=${mint}&from=-1&to=2`, 'its time does not begin before it ends'],
  [`#coin=${mint}&from=1&to=9999999999`, 'its time does not begin before it ends'],
  [`#coin=${mint}&from=1e3&to=2000`, 'its time does not begin before it ends'],
])('is refused with a reason: %s', (hash, why) => {
  expect(readLink(hash)).toBe(why)
})
