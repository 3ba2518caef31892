import { onMenu, type Sharing } from '../native'
import { keepIn, storage, type Store } from './storage'

const PREFIX = 'spinscope.'

/**
 * Ties the windows of the app to each other: what one keeps, all have. A further window has no storage of its own, as two
 * processes would write over each other in one.
 */
export async function share(app: Sharing): Promise<void> {
  const { place, kept } = await app.Kept()
  const inner = place > 1 ? new Shelf(new Map(Object.entries(kept))) : storage()
  if (!inner) return

  keepIn(new Shared(inner, (key, text) => void app.Keep(key, text).catch(() => undefined)), place)
  onMenu('kept', ({ key, text }) => {
    if (text === null) inner.removeItem(key)
    else inner.setItem(key, text)
    // As the windows of a browser hear of each other.
    dispatchEvent(new StorageEvent('storage', { key, newValue: text }))
  })
}

/** Everything that is kept, by key. */
export function everythingKept(): Record<string, string> {
  const store = storage()
  const all: Record<string, string> = {}
  for (let i = 0; i < (store?.length ?? 0); i++) {
    const key = store?.key(i) ?? ''
    if (key.startsWith(PREFIX)) all[key] = store?.getItem(key) ?? ''
  }
  return all
}

/** A storage in memory. */
class Shelf implements Store {
  constructor(private readonly kept: Map<string, string>) {}

  get length(): number {
    return this.kept.size
  }

  key = (place: number) => [...this.kept.keys()][place] ?? null
  getItem = (key: string) => this.kept.get(key) ?? null
  setItem = (key: string, text: string) => void this.kept.set(key, text)
  removeItem = (key: string) => void this.kept.delete(key)
}

/** A storage that tells what it keeps. */
class Shared implements Store {
  constructor(
    private readonly inner: Store,
    private readonly tell: (key: string, text: string | null) => void,
  ) {}

  get length(): number {
    return this.inner.length
  }

  key = (place: number) => this.inner.key(place)
  getItem = (key: string) => this.inner.getItem(key)

  setItem = (key: string, text: string) => {
    this.inner.setItem(key, text)
    this.tell(key, text)
  }

  removeItem = (key: string) => {
    this.inner.removeItem(key)
    this.tell(key, null)
  }
}
