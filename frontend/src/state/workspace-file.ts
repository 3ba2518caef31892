import { isPref, type PrefValues, readPrefs } from './prefs.svelte'

/** What stays as it is when a workspace is opened: what belongs to the person, the room or a coin, and not to a piece of work. */
const APART = [
  'theme',
  'colours',
  'connect',
  'favourites',
  'wallets',
  'tour',
  'alertsSeen',
  'sound',
  'loudness',
  'vwapFrom',
] as const

/** How the window is arranged: every other choice. */
export type Arrangement = Omit<PrefValues, (typeof APART)[number]>

export interface SavedWorkspace {
  name: string
  values: Arrangement
}

/** Workspaces that are kept at most, and characters of a name. */
export const MAX_SAVED = 20
export const MAX_NAME = 40
/** Characters of a file at most: twenty workspaces have some forty thousand. */
export const MAX_FILE = 200_000

const FORMAT = 'spinscope-workspaces'
const VERSION = 1
const UNKNOWN = 'This is not a file of workspaces.'

const isApart = (key: string): boolean => (APART as readonly string[]).includes(key)

/** Reports whether a workspace can be called this: no characters that are not seen, no space at its ends. */
export function isName(name: unknown): name is string {
  return (
    typeof name === 'string' && name.length <= MAX_NAME && /^(?=\S)[^\p{Cc}\p{Cf}]+$/u.test(name) && !/\s$/.test(name)
  )
}

/** The arrangement among all choices. */
export function arrangementOf(values: PrefValues): Arrangement {
  const entries = Object.entries(values).filter(([key]) => !isApart(key))
  return JSON.parse(JSON.stringify(Object.fromEntries(entries))) as Arrangement
}

/** What is kept of one: a choice that is not known or not valid, as after an update, falls back to its default. */
export function readArrangement(stored: unknown): Arrangement {
  return arrangementOf(readPrefs(JSON.stringify(stored ?? {})))
}

/** Reports whether two arrangements are the same, in whatever order their parts are written. */
export function isSame(one: Arrangement, other: Arrangement): boolean {
  return sorted(one) === sorted(other)
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part && typeof part === 'object' && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort()) : part,
  )
}

/** The text of a file with these. */
export function fileOf(workspaces: readonly SavedWorkspace[]): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, workspaces }, null, 2)}\n`
}

/** The workspaces of a file, or why it is refused: then nothing of it is taken. */
export function readFile(text: string): { list: SavedWorkspace[]; problem: '' } | { list: null; problem: string } {
  try {
    return { list: listOf(text), problem: '' }
  } catch (error) {
    return { list: null, problem: error instanceof Refusal ? error.message : UNKNOWN }
  }
}

class Refusal extends Error {}

function listOf(text: string): SavedWorkspace[] {
  if (text.length > MAX_FILE) throw new Refusal('The file is too large to be one of workspaces.')
  const file = JSON.parse(text) as { format?: unknown; version?: unknown; workspaces?: unknown } | null
  if (file?.format !== FORMAT) throw new Refusal(UNKNOWN)
  if (file.version !== VERSION)
    throw new Refusal(`The file is of version ${String(file.version)} of its format; this Spinscope reads ${VERSION}.`)

  const { workspaces } = file
  if (!Array.isArray(workspaces) || workspaces.length === 0) throw new Refusal('The file has no workspace.')
  if (workspaces.length > MAX_SAVED)
    throw new Refusal(`The file has ${workspaces.length} workspaces; ${MAX_SAVED} are kept at most.`)

  const list = workspaces.map(one)
  const twice = list.find(({ name }, place) => list.findIndex((other) => other.name === name) < place)
  if (twice) throw new Refusal(`Two workspaces of the file are called “${twice.name}”.`)
  return list
}

function one(stored: unknown, place: number): SavedWorkspace {
  const { name, values } = (stored ?? {}) as { name?: unknown; values?: unknown }
  if (!isName(name)) throw new Refusal(`Workspace ${place + 1} of the file has no name of 1 to ${MAX_NAME} characters.`)
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw new Refusal(`“${name}” of the file does not say how the window is arranged.`)

  // What is not known here may come from a later version; what is known must make sense.
  const known = readArrangement({})
  const wrong = Object.entries(values).find(([key, value]) => Object.hasOwn(known, key) && !isPref(key, value))
  if (wrong) throw new Refusal(`“${name}” of the file has a value for ${wrong[0]} that is not understood.`)
  return { name, values: readArrangement(values) }
}
