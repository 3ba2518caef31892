import { describe, expect, it } from 'vitest'
import { missingText, type WatchedFacts, watchProgress, watchText } from './watch'

const coin = (facts: Partial<WatchedFacts>): WatchedFacts => ({
  state: 'reading',
  done: 0,
  total: 0,
  message: '',
  ...facts,
})

describe('a watched coin', () => {
  it.each<[Partial<WatchedFacts>, string, number | undefined]>([
    [{ done: 1200, total: 20_000 }, 'Reading history: 1 200 of 20 000 transactions', 0.06],
    [{ done: 7, total: 5 }, 'Reading history: 7 of 5 transactions', 1],
    [{ done: 1200 }, 'Reading history: 1 200 transactions', undefined],
    [{}, 'Reading history: counting transactions', undefined],
    [{ state: 'live', done: 5, total: 5 }, 'Live', undefined],
    [{ state: 'unknown' }, 'Asking what this address is', undefined],
    [{ state: 'unknown', message: 'timeout' }, 'Still asking what this address is: timeout', undefined],
    [{ state: 'refused', message: 'it is a wallet' }, 'Not followed: it is a wallet', undefined],
  ])('%j', (facts, text, progress) => {
    expect(watchText(coin(facts)).replace(/\s/g, ' ')).toBe(text)
    expect(watchProgress(coin(facts))).toBe(progress)
  })

  it('says what is missing of it', () => {
    const gap = { from_slot: 5, to_slot: 1005, cause: 'the node has it no more', state: 'unfillable' }
    const text = (...gaps: (typeof gap)[]) => missingText(gaps).replace(/\s/g, ' ')
    expect(text()).toBe('')
    expect(text(gap)).toBe('Missing: slots 5 to 1 005, the node has it no more, cannot be filled')
    expect(text({ ...gap, to_slot: 5, state: 'open' }, gap)).toBe(
      'Missing: 2 gaps, the first: slot 5, the node has it no more',
    )
  })
})
