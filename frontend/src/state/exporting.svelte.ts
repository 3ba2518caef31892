/** How the running or last export stands; null when there is nothing to tell. */
export interface ExportState {
  state: 'running' | 'done' | 'failed'
  rows: number
  /** The file, or why it failed. */
  detail: string
}

const SHOWN_MS = 10_000

/** What the status line says of exports, whichever side does them: the page or the shell. */
export class Exporting {
  now = $state.raw<ExportState | null>(null)
  #timer: ReturnType<typeof setTimeout> | undefined

  progress(rows: number): void {
    clearTimeout(this.#timer)
    this.now = { state: 'running', rows, detail: '' }
  }

  done(rows: number, file: string): void {
    this.#end({ state: 'done', rows, detail: file })
  }

  fail(why: string): void {
    this.#end({ state: 'failed', rows: this.now?.rows ?? 0, detail: why })
  }

  #end(state: ExportState): void {
    clearTimeout(this.#timer)
    this.now = state
    this.#timer = setTimeout(() => (this.now = null), SHOWN_MS)
  }
}
