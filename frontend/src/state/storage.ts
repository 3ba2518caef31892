export type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>

let store: Store | null = own()

/** Which window of the app this is: 1 is the first, which keeps everything; a browser's windows are all like it. */
export let place = 1

/** What outlives the page; null where the browser's settings forbid it. */
export function storage(): Store | null {
  return store
}

/** Lets the page keep what it keeps elsewhere, before it has read any of it. */
export function keepIn(other: Store, window: number): void {
  store = other
  place = window
}

function own(): Store | null {
  try {
    return localStorage
  } catch {
    return null
  }
}
