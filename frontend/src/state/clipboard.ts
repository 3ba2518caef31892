import { copyText } from '../native'
import type { Toasts } from './toasts.svelte'

/** Copies, and says so. */
export class Clipboard {
  constructor(private readonly toasts: Toasts) {}

  async copy(text: string, what: string): Promise<void> {
    try {
      await copyText(text)
      this.toasts.show('good', `${what} copied`)
    } catch {
      this.toasts.show('bad', `The browser did not let the page copy. ${what}: ${text}`)
    }
  }

  /** As copy, for what must not be shown when copying fails. */
  async copySecret(text: string, what: string): Promise<void> {
    try {
      await copyText(text)
      this.toasts.show('good', `${what} copied`)
    } catch {
      this.toasts.show('bad', `The browser did not let the page copy the ${what.toLowerCase()}`)
    }
  }
}
