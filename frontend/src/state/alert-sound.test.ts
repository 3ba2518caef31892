import { expect, it, vi } from 'vitest'
import { AlertSound } from './alert-sound'
import { Prefs } from './prefs.svelte'
import { ring } from './sound'

vi.mock('./sound', () => ({ ring: vi.fn(() => Promise.resolve(true)) }))

it('is silent until it is wanted, and heard as loud as it is set', async () => {
  const prefs = new Prefs(null)
  const sound = new AlertSound(prefs)
  sound.play()
  expect([sound.asked, prefs.values.sound]).toEqual([0, false])
  prefs.set('loudness', 20)
  sound.toggle()
  await vi.waitFor(() => expect(ring).toHaveBeenCalledWith(20))
  expect(sound.asked).toBe(1)
  sound.toggle()
  sound.play()
  expect(sound.asked).toBe(1)
})
