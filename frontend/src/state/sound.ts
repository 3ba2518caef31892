/** Tones of an alert, Hertz, one after the other. */
const TONES = [880, 1175] as const
/** How long each is heard, in seconds. */
const LENGTH = 0.12

let context: AudioContext | undefined

/**
 * Plays the sound of an alert, made here and not read from a file, at a loudness from 0 to 100; false where nothing can be
 * heard: the browser has no sound, or wants a press on the page first.
 */
export async function ring(loudness: number): Promise<boolean> {
  if (loudness <= 0 || typeof AudioContext === 'undefined') return false
  context ??= new AudioContext()
  // It waits for a press as long as the browser likes; nobody waits for it.
  if (context.state !== 'running') void context.resume().catch(() => undefined)
  if (context.state !== 'running') await Promise.race([running(context), new Promise((done) => setTimeout(done, 500))])
  if (context.state !== 'running') return false

  const gain = context.createGain()
  gain.connect(context.destination)
  TONES.forEach((tone, i) => play(gain, tone, i * LENGTH, loudness))
  return true
}

function running(context: AudioContext): Promise<void> {
  return new Promise((done) => context.addEventListener('statechange', () => done(), { once: true }))
}

/** One tone that comes and goes softly: an edge would crackle. */
function play(out: GainNode, tone: number, after: number, loudness: number): void {
  const { context } = out
  const from = context.currentTime + after
  const [oscillator, envelope] = [context.createOscillator(), context.createGain()]
  oscillator.frequency.value = tone
  envelope.gain.setValueAtTime(0, from)
  envelope.gain.linearRampToValueAtTime((loudness / 100) * 0.5, from + LENGTH / 6)
  envelope.gain.linearRampToValueAtTime(0, from + LENGTH)
  oscillator.connect(envelope).connect(out)
  oscillator.start(from)
  oscillator.stop(from + LENGTH)
}
