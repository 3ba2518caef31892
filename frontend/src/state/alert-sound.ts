import type { Prefs } from './prefs.svelte'

/** The sound of alerts: off unless the person wants it. */
export class AlertSound {
  /** How often it was to be heard. */
  asked = 0

  constructor(private readonly prefs: Prefs) {}

  /** Plays it, if it is on. Where nothing can be heard nothing is. */
  play(): void {
    const { sound, loudness } = this.prefs.values
    if (!sound) return
    this.asked++
    import('./sound').then(({ ring }) => ring(loudness)).catch(() => undefined)
  }

  /** On, with a sample of it, or off. */
  toggle(): void {
    this.prefs.set('sound', !this.prefs.values.sound)
    this.play()
  }
}
