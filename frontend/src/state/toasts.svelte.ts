export interface Toast {
  id: number
  kind: 'info' | 'good' | 'bad' | 'alert'
  text: string
  /** What a press does beside dismissing it; then dismissing has a button of its own. */
  run?: (() => void) | undefined
}

const SHOWN_MS = { info: 4000, good: 5000, bad: 10_000, alert: 12_000 }
const MAX_KEPT = 4
/** Of these, alerts: the market must not hide what the person did. */
const MAX_ALERTS = 2

/** Short messages that come and go. */
export class Toasts {
  list = $state.raw<Toast[]>([])
  #next = 1

  show(kind: Toast['kind'], text: string, run?: () => void): void {
    const toast = { id: this.#next++, kind, text, run }
    const alerts = this.list.filter((one) => one.kind === 'alert')
    const oldest = kind === 'alert' && alerts.length >= MAX_ALERTS ? alerts[0] : undefined
    this.list = [...this.list.filter((one) => one !== oldest), toast].slice(-MAX_KEPT)
    setTimeout(() => this.dismiss(toast.id), SHOWN_MS[kind])
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id)
  }
}
