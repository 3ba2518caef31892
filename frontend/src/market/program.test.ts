import { expect, it } from 'vitest'
import { FIRST_PROGRAM, programFacts } from './program'

it('knows which programs have margin, and takes no other for one', () => {
  expect(programFacts(FIRST_PROGRAM)).toMatchObject({ name: 'SpinPet', margin: true })
  expect(programFacts('pumpswap')).toMatchObject({ name: 'PumpSwap', margin: false })
  expect(programFacts('later')).toEqual({ name: 'later', what: 'later', margin: false })
})
