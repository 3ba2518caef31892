import { type Drawing, MAX_DRAWINGS } from './drawing'

/** Steps that can be taken back at most. */
const MAX_STEPS = 100

/** The drawings of one coin, and the way back to those before. */
export class DrawingBook {
  #list: readonly Drawing[]
  #past: (readonly Drawing[])[] = []
  #future: (readonly Drawing[])[] = []

  constructor(list: readonly Drawing[]) {
    this.#list = list
  }

  /** In the order in which they were drawn. */
  get list(): readonly Drawing[] {
    return this.#list
  }

  get full(): boolean {
    return this.#list.length >= MAX_DRAWINGS
  }

  find(id: number): Drawing | undefined {
    return this.#list.find((one) => one.id === id)
  }

  /** Adds it, or puts it in the place of the one with its id; false when there is no room for one more. */
  put(drawing: Drawing): boolean {
    const known = this.find(drawing.id) !== undefined
    if (!known && this.full) return false
    this.#step(known ? this.#list.map((one) => (one.id === drawing.id ? drawing : one)) : [...this.#list, drawing])
    return true
  }

  remove(id: number): boolean {
    if (!this.find(id)) return false
    this.#step(this.#list.filter((one) => one.id !== id))
    return true
  }

  clear(): boolean {
    if (this.#list.length === 0) return false
    this.#step([])
    return true
  }

  undo(): boolean {
    return this.#go(this.#past, this.#future)
  }

  redo(): boolean {
    return this.#go(this.#future, this.#past)
  }

  #step(list: readonly Drawing[]): void {
    this.#past = [...this.#past, this.#list].slice(-MAX_STEPS)
    this.#future = []
    this.#list = list
  }

  #go(from: (readonly Drawing[])[], to: (readonly Drawing[])[]): boolean {
    const list = from.pop()
    if (!list) return false
    to.push(this.#list)
    this.#list = list
    return true
  }
}
