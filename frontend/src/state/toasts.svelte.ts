export interface Toast {
  id: number
  kind: 'info' | 'good' | 'bad'
  text: string
}

const SHOWN_MS = { info: 4000, good: 5000, bad: 10_000 }
const MOST = 4

/** Short messages that come and go. */
export class Toasts {
  list = $state.raw<Toast[]>([])
  #next = 1

  show(kind: Toast['kind'], text: string): void {
    const toast = { id: this.#next++, kind, text }
    this.list = [...this.list, toast].slice(-MOST)
    setTimeout(() => this.dismiss(toast.id), SHOWN_MS[kind])
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id)
  }
}
