import { copyText } from '../native'
import type { Toasts } from './toasts.svelte'

/** Copies, and says so. */
export class Clipboard {
  constructor(private readonly toasts: Toasts) {}

  async copy(text: string, what: string): Promise<void> {
    await this.#copy(text, what, `. ${what}: ${text}`)
  }

  /** As copy, for what must not be shown when copying fails. */
  async copySecret(text: string, what: string): Promise<void> {
    await this.#copy(text, what, ` the ${what.toLowerCase()}`)
  }

  /** `failed` goes on with the sentence that tells of a failure. */
  async #copy(text: string, what: string, failed: string): Promise<void> {
    try {
      await copyText(text)
      this.toasts.show('good', `${what} copied`)
    } catch {
      this.toasts.show('bad', `The browser did not let the page copy${failed}`)
    }
  }
}
