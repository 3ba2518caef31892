import type { ExportFormat, ExportQuestion } from '../market/export'
import { exportPath, FIRST_DRAFT, type ExportDraft } from '../market/export'
import { isAbort, type Rest } from '../api/rest'
import { saveFile } from '../native'
import { reason } from './reason'

/** How an export stands. */
export interface ExportState {
  state: 'running' | 'done' | 'stopped' | 'failed'
  /** Written so far; NaN where they cannot be counted on the way. */
  rows: number
  /** The same; 0 where that is not told. */
  bytes: number
  /** Of the whole, 0 to 1; NaN where that is not known. */
  part: number
  /** Seconds until it ends; 0 while that is not known. */
  left: number
  /** The file: with its folder in the app, its name in a browser. */
  file: string
  /** Known gaps that its manifest lists. */
  gaps: number
  /** Why it failed. */
  problem: string
}

/** What the desktop shell tells of an export, as it runs and at its end. */
export interface ExportProgress {
  path: string
  rows: number
  part: number
  left: number
}
export interface ExportEnd {
  path: string
  rows: number
  bytes: number
  gaps: number
  stopped: boolean
  /** Why there is no file; empty when there is one. */
  error: string
}

/** What writes files: the desktop shell. A rejection says why nothing began. */
export interface ExportWriter {
  /** Asks for a file and begins; the answer is the file, empty when the person changed their mind. */
  begin(question: ExportQuestion & { name: string }): Promise<string>
  stop(): void
}

const SHOWN_MS = 10_000
const NEWLINE = 10
const NOTHING: ExportState = { state: 'running', rows: 0, bytes: 0, part: NaN, left: 0, file: '', gaps: 0, problem: '' }

/** Exports of the window: of the desktop shell, which writes files itself, or of the page in a browser. */
export class Exporting {
  /** For the status line: the running export, and for some seconds how the last one ended. */
  now = $state.raw<ExportState | null>(null)
  /** For the dialog: the same, until the next one begins. */
  last = $state.raw<ExportState | null>(null)
  /** What stands in the dialog, also when it is opened again. */
  draft = $state<ExportDraft>({ ...FIRST_DRAFT })
  /** Why nothing began. */
  problem = $state('')
  /** The file is being chosen. */
  choosing = $state(false)
  /** What the last one was asked for; null when the page was loaded anew since. */
  asked = $state.raw<ExportQuestion | null>(null)
  /** Whether the shell writes files, wherever the person wants them, with a manifest. */
  readonly writes: boolean
  #timer: ReturnType<typeof setTimeout> | undefined
  #reading: AbortController | undefined

  constructor(
    private readonly rest: () => Rest,
    private readonly writer: ExportWriter | null,
  ) {
    this.writes = writer !== null
  }

  get running(): boolean {
    return this.now?.state === 'running'
  }

  /** Begins an export; `name` is what the file is called unless the person calls it otherwise. */
  async begin(question: ExportQuestion, name: string): Promise<void> {
    if (this.running || this.choosing) return
    this.problem = ''
    if (!this.writer) return this.#read(question, name)

    this.choosing = true
    try {
      const before = this.asked
      this.asked = question
      if (!(await this.writer.begin({ ...question, name }))) this.asked = before
    } catch (error) {
      this.problem = reason(error)
    } finally {
      this.choosing = false
    }
  }

  /** Ends the running export; nothing of its file stays. */
  stop(): void {
    this.writer?.stop()
    this.#reading?.abort()
  }

  /** The last export is of no interest any more. */
  forget(): void {
    this.problem = ''
    if (!this.running) this.last = null
  }

  /** The shell goes on. */
  progress({ path, rows, part, left }: ExportProgress): void {
    this.#run({ file: path, rows, part, left })
  }

  /** The shell has ended. */
  end({ path, rows, bytes, gaps, stopped, error }: ExportEnd): void {
    const state = error ? 'failed' : stopped ? 'stopped' : 'done'
    this.#end({ ...NOTHING, state, file: path, rows, bytes, gaps, problem: error })
  }

  /** Reads the file into the page, which gives it to the browser: a link cannot send the server's token. */
  async #read(question: ExportQuestion, name: string): Promise<void> {
    const reading = new AbortController()
    this.#reading = reading
    this.asked = question
    this.#run({ file: name })

    const rows = rowCounter(question.format)
    let bytes = 0
    try {
      const file = await this.rest().download(
        exportPath(question),
        (chunk) => {
          bytes += chunk.length
          this.#run({ file: name, rows: rows(chunk), bytes })
        },
        reading.signal,
      )
      saveFile(name, file)
      this.#end({ ...NOTHING, state: 'done', file: name, rows: rows(new Uint8Array()), bytes })
    } catch (error) {
      const stopped = reading.signal.aborted || isAbort(error)
      const state = stopped ? 'stopped' : 'failed'
      this.#end({ ...NOTHING, state, file: name, problem: stopped ? '' : reason(error) })
    }
  }

  #run(change: Partial<ExportState>): void {
    clearTimeout(this.#timer)
    this.now = this.last = { ...NOTHING, ...change }
  }

  #end(state: ExportState): void {
    clearTimeout(this.#timer)
    this.now = this.last = state
    this.#timer = setTimeout(() => (this.now = null), SHOWN_MS)
  }
}

/** Counts the rows of a file that comes in chunks; NaN of formats that do not tell them on the way. */
function rowCounter(format: ExportFormat): (chunk: Uint8Array) => number {
  if (format === 'parquet' || format === 'arrow') return () => NaN
  let lines = 0
  return (chunk) => {
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) lines++
    // The first line of a CSV names the columns.
    return format === 'csv' ? Math.max(0, lines - 1) : lines
  }
}
