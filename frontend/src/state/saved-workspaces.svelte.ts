import type { Prefs } from './prefs.svelte'
import {
  type Arrangement,
  arrangementOf,
  isName,
  isSame,
  MAX_NAME,
  MAX_SAVED,
  readArrangement,
  type SavedWorkspace,
} from './workspace-file'

const KEY = 'spinscope.workspaces'

interface Kept {
  list: readonly SavedWorkspace[]
  used: string
}

/**
 * The workspaces that were saved under a name, kept in this browser. What is on screen never changes them by itself: they
 * say how the window was when they were saved, and the window says that it is not so any more.
 */
export class SavedWorkspaces {
  /** In the order in which they were saved. */
  list = $state.raw<readonly SavedWorkspace[]>([])
  /** Name of the one in use; '' for none. */
  used = $state('')

  /** How the window is arranged now. */
  readonly now: Arrangement = $derived.by(() => arrangementOf(this.prefs.values))
  /** Whether the window is not as the one in use was saved. */
  readonly changed: boolean = $derived.by(() => {
    const saved = this.#find(this.used)
    return saved !== undefined && !isSame(saved.values, this.now)
  })
  /** Whether what is open would be lost by opening another: it is saved nowhere. */
  readonly loose: boolean = $derived.by(() => !this.list.some(({ values }) => isSame(values, this.now)))

  constructor(
    private readonly storage: Pick<Storage, 'getItem' | 'setItem'> | null,
    private readonly prefs: Prefs,
    private readonly arrange: (values: Arrangement) => void,
  ) {
    this.used = this.#read()
  }

  /** Another window has kept something else: its list holds here too. Which one is in use, each window has for itself. */
  kept(key: string | null): void {
    if (key === KEY) this.#read()
  }

  /** Saves what is open under a new name; returns why it cannot be. */
  save(name: string): string {
    this.#read()
    const problem = this.#refuse(name)
    if (problem) return problem
    if (this.list.length >= MAX_SAVED)
      return `There are ${MAX_SAVED} workspaces, the most that are kept: delete one first.`
    return this.#keep({ list: [...this.list, { name, values: this.now }], used: name })
  }

  /** Saves what is open in the place of what the one in use was; returns why it cannot be. */
  update(): string {
    this.#read()
    const list = this.list.map((one) => (one.name === this.used ? { ...one, values: this.now } : one))
    return this.#keep({ list, used: this.used })
  }

  /** Arranges the window as it was saved. What is open and saved nowhere is lost. */
  open(name: string): string {
    this.#read()
    const saved = this.#find(name)
    if (!saved) return `There is no workspace “${name}” any more.`
    const problem = this.#keep({ list: this.list, used: name })
    if (!problem) this.arrange(saved.values)
    return problem
  }

  /** Gives a workspace another name; returns why it cannot be. */
  rename(name: string, to: string): string {
    this.#read()
    const problem = to === name ? '' : this.#refuse(to)
    if (problem) return problem
    const list = this.list.map((one) => (one.name === name ? { ...one, name: to } : one))
    return this.#keep({ list, used: this.used === name ? to : this.used })
  }

  /** Forgets a workspace; what is open stays as it is. Returns why it cannot be. */
  remove(name: string): string {
    this.#read()
    const list = this.list.filter((one) => one.name !== name)
    return this.#keep({ list, used: this.used === name ? '' : this.used })
  }

  /** Puts one that was removed back where it stood; returns why it cannot be. */
  putBack(saved: SavedWorkspace, place: number, used: boolean): string {
    this.#read()
    const problem = this.#refuse(saved.name)
    if (problem) return problem
    if (this.list.length >= MAX_SAVED) return `There are ${MAX_SAVED} workspaces again, the most that are kept.`
    return this.#keep({
      list: [...this.list.slice(0, place), saved, ...this.list.slice(place)],
      used: used ? saved.name : this.used,
    })
  }

  /** Adds those of a file. One that is there already, by name and content, is left out; another one of its name gets a new name. */
  add(found: readonly SavedWorkspace[]): { problem: string; said: string } {
    this.#read()
    const list = [...this.list]
    for (const { name, values } of found) {
      const known = list.some((one) => unnumbered(one.name) === unnumbered(name) && isSame(one.values, values))
      if (!known) list.push({ name: freeName(name, list), values })
    }
    const more = list.slice(this.list.length)
    if (list.length > MAX_SAVED)
      return {
        problem: `There would be ${list.length} workspaces; ${MAX_SAVED} are kept at most: nothing was read.`,
        said: '',
      }
    const problem = this.#keep({ list, used: this.used })
    const said =
      more.length > 0 ? `Read: ${more.map(({ name }) => `“${name}”`).join(', ')}.` : 'All of them are here already.'
    return { problem, said: problem ? '' : said }
  }

  #find(name: string): SavedWorkspace | undefined {
    return this.list.find((one) => one.name === name)
  }

  #refuse(name: string): string {
    if (!isName(name)) return `A name has 1 to ${MAX_NAME} characters that are seen.`
    return this.#find(name) ? `There is a workspace “${name}” already.` : ''
  }

  /** Reads the list; returns which of them was in use when it was written. */
  #read(): string {
    let stored: { used?: unknown; workspaces?: unknown } | null = null
    try {
      stored = JSON.parse(this.storage?.getItem(KEY) ?? 'null')
    } catch {
      // What cannot be read is as if it were not there.
    }
    if (!stored) return ''

    const found: SavedWorkspace[] = []
    for (const one of Array.isArray(stored.workspaces) ? (stored.workspaces as Partial<SavedWorkspace>[]) : []) {
      const { name, values } = one ?? {}
      if (found.length < MAX_SAVED && isName(name) && !found.some((other) => other.name === name))
        found.push({ name, values: readArrangement(values) })
    }
    this.list = found
    if (!this.#find(this.used)) this.used = ''
    return this.#find(String(stored.used))?.name ?? ''
  }

  /** Takes over what is to hold from now on, if there is room for it. */
  #keep({ list, used }: Kept): string {
    try {
      this.storage?.setItem(KEY, JSON.stringify({ version: 1, used, workspaces: list }))
    } catch {
      return 'The browser has no room for it: nothing was changed.'
    }
    this.list = list
    this.used = used
    return ''
  }
}

/** The name itself, or with the first number that is not taken. */
function freeName(name: string, list: readonly SavedWorkspace[]): string {
  for (let free = name, i = 2; ; i++) {
    if (!list.some((one) => one.name === free)) return free
    const ending = ` (${i})`
    free = name.slice(0, MAX_NAME - ending.length).trimEnd() + ending
  }
}

/** A name without the number that it got when a file with another one of its name was read. */
function unnumbered(name: string): string {
  return name.replace(/ \(\d+\)$/, '')
}
