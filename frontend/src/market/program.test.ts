import { expect, it } from 'vitest'
import { FIRST_PROGRAM, followedText, programFacts } from './program'

it('knows which programs have margin, and takes no other for one', () => {
  expect(programFacts(FIRST_PROGRAM)).toMatchObject({ name: 'SpinPet', margin: true })
  expect(programFacts('pumpswap')).toMatchObject({ name: 'PumpSwap', margin: false })
  expect(programFacts('later')).toEqual({ name: 'later', what: 'later', margin: false })
})

it('says what is read of a program, and nothing where its coins are watched one by one', () => {
  const followed = { program: 'pump', state: 'live', slot: 7, message: '' } as const
  expect(followedText(undefined)).toBe('')
  expect(followedText(followed)).toBe('all coins, live only')
  expect(followedText({ ...followed, state: 'off' })).toBe('not read: off in the configuration')
  expect(followedText({ ...followed, state: 'waiting' })).toBe('all coins, live only: waiting')
  expect(followedText({ ...followed, state: 'refused', message: 'too many' })).toBe('all coins, live only: too many')
})
