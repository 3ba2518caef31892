import type { Alert, AlertRule } from '../api/client/index'
import { isAbort, type Rest, RestError } from '../api/rest'
import {
  type Draft,
  draftOf,
  isProblem,
  levelsOf,
  newDraft,
  pointedPrice,
  priceText,
  type Problem,
  readProblem,
  toRule,
} from '../market/alert'
import { reason } from './reason'

/** What can change rules: the desktop app's bindings. A rejection's message is "field: why". */
export interface RuleWriter {
  save(rule: AlertRule): Promise<AlertRule>
  delete(id: string): Promise<void>
}

/** Up to when alerts were looked at, Unix milliseconds; it outlives the page. */
export interface SeenMark {
  seen(): number
  see(time: number): void
}

const PAGE = 50
/** Alerts kept at most, the newest. */
const MAX_KEPT = 1000
/** Alerts that come together are told together. */
const GATHER_MS = 250

/** The rules, and what fired: read from the server, kept up by its pushes. */
export class Alerts {
  rules = $state.raw<readonly AlertRule[]>([])
  /** Newest first. */
  fired = $state.raw<readonly Alert[]>([])
  /** As the server counts. */
  total = $state(0)
  phase = $state<'idle' | 'ready' | 'error'>('idle')
  error = $state('')
  /** Fired and not looked at. */
  unseen = $state(0)
  /** The rule in the form; null while it is closed. */
  draft = $state<Draft | null>(null)
  problem = $state.raw<Problem | null>(null)
  busy = $state(false)
  /** Whether rules can be changed from here. */
  readonly writable: boolean
  /** Hears of new alerts, oldest first. */
  announce: ((alerts: readonly Alert[]) => void) | undefined
  /** The price that the form had of itself. */
  #offered: string | null = null
  #unseen = new Set<string>()
  #fresh: Alert[] = []
  #reading: AbortController | undefined
  #gathering: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly rest: () => Rest,
    private readonly writer: RuleWriter | null,
    private readonly mark: SeenMark,
  ) {
    this.writable = writer !== null
  }

  /** Reads rules and the newest alerts. */
  async read(): Promise<void> {
    this.#reading?.abort()
    const reading = new AbortController()
    this.#reading = reading
    const before = new Set(this.fired.map(({ id }) => id))
    try {
      const answer = await this.rest().alerts(1, PAGE, reading.signal)
      if (reading.signal.aborted) return
      const first = this.phase !== 'ready'
      const pushed = this.fired.filter(({ id }) => !before.has(id))
      for (const { id, timestamp } of answer.alerts) {
        if (!before.has(id) && (!first || timestamp > this.mark.seen())) this.#unseen.add(id)
      }
      const overlap = answer.alerts.some(({ id }) => before.has(id))
      this.#keep([...pushed, ...answer.alerts, ...(overlap ? this.fired : [])])
      this.rules = answer.rules
      this.total = answer.total
      this.phase = 'ready'
      this.error = ''
    } catch (error) {
      if (reading.signal.aborted || isAbort(error)) return
      // What is known stays: the next look comes soon.
      if (this.phase !== 'ready') this.phase = 'error'
      this.error = error instanceof RestError && error.status === 404 ? 'This server has no alerts.' : reason(error)
    }
  }

  /** Reads the page of alerts after those that are known. */
  async more(): Promise<void> {
    if (this.busy || this.fired.length >= Math.min(this.total, MAX_KEPT)) return
    this.busy = true
    try {
      const page = Math.floor(this.fired.length / PAGE) + 1
      const answer = await this.rest().alerts(page, PAGE)
      this.total = answer.total
      this.#keep([...this.fired, ...answer.alerts])
    } catch (error) {
      this.error = reason(error)
    } finally {
      this.busy = false
    }
  }

  onAlert(alert: Alert): void {
    if (this.fired.some(({ id }) => id === alert.id)) return
    this.#unseen.add(alert.id)
    this.total++
    this.#keep([alert, ...this.fired])
    this.rules = this.rules.map((rule) => (rule.id === alert.rule && rule.once ? { ...rule, spent: true } : rule))
    // What happened long ago is listed and counted; nobody is called for it.
    if (alert.late) return
    this.#fresh.push(alert)
    if (this.#gathering === undefined) this.#gathering = setTimeout(() => this.#tell(), GATHER_MS)
  }

  /** Somebody looked at the list. */
  see(): void {
    const newest = this.fired.reduce((most, { timestamp }) => Math.max(most, timestamp), this.mark.seen())
    if (newest > this.mark.seen()) this.mark.see(newest)
    this.#unseen.clear()
    this.unseen = 0
  }

  /** Opens the form for a new rule. */
  begin(symbol: string, price: number, last = price): void {
    this.problem = null
    this.draft = newDraft(symbol, price, last)
    this.#offered = this.draft.price
  }

  /** Another token was chosen, which costs this: the form offers its price, unless the person wrote one. */
  offer(price: number): void {
    if (!this.draft || this.draft.price !== this.#offered) return
    this.#offered = priceText(price)
    this.draft.price = this.#offered
  }

  edit(rule: AlertRule): void {
    this.problem = null
    this.draft = draftOf(rule)
    this.#offered = null
  }

  cancel(): void {
    this.draft = null
    this.problem = null
  }

  /** The rule in the form, if it is one. */
  get rule(): AlertRule | null {
    const rule = this.draft && toRule(this.draft)
    return rule && !isProblem(rule) ? rule : null
  }

  /** Saves the form; true when the rule is in force. */
  async save(): Promise<boolean> {
    if (!this.draft || !this.writer || this.busy) return false
    const rule = toRule(this.draft)
    if (isProblem(rule)) {
      this.problem = rule
      return false
    }
    const saved = await this.#write((writer) => writer.save(rule))
    if (saved) this.cancel()
    return saved
  }

  async mute(rule: AlertRule, muted: boolean): Promise<boolean> {
    // What only answers have is left out.
    const changed = { ...rule, muted }
    delete changed.spent
    return this.#write((writer) => writer.save(changed))
  }

  /** Lets a price rule wait for another price: above or below, as that lies to the last one. */
  async move(id: string, price: number, last: number): Promise<boolean> {
    const rule = this.rules.find((one) => one.id === id)
    if (!rule || !(price > 0)) return false
    const kind = price < last ? 'price_below' : 'price_above'
    // What happened before it was moved does not fire.
    const moved: AlertRule = { ...rule, kind, price: priceText(pointedPrice(price)), created_at: 0 }
    delete moved.spent
    return this.#write((writer) => writer.save(moved))
  }

  /** Lets a rule that is done wait anew. */
  async again(rule: AlertRule): Promise<boolean> {
    const anew = { ...rule, created_at: 0 }
    delete anew.spent
    return this.#write((writer) => writer.save(anew))
  }

  async delete(id: string): Promise<boolean> {
    const done = await this.#write((writer) => writer.delete(id))
    if (done && this.draft?.id === id) this.cancel()
    return done
  }

  levels(mint: string) {
    return levelsOf(this.rules, mint)
  }

  async #write(change: (writer: RuleWriter) => Promise<unknown>): Promise<boolean> {
    if (!this.writer) return false
    this.busy = true
    this.problem = null
    try {
      await change(this.writer)
    } catch (error) {
      this.problem = readProblem(reason(error))
      return false
    } finally {
      this.busy = false
    }
    await this.read()
    return true
  }

  #keep(list: readonly Alert[]): void {
    const known = new Set<string>()
    const kept = list.filter(({ id }) => !known.has(id) && known.add(id)).slice(0, MAX_KEPT)
    const ids = new Set(kept.map(({ id }) => id))
    for (const id of this.#unseen) if (!ids.has(id)) this.#unseen.delete(id)
    this.fired = kept
    this.unseen = this.#unseen.size
  }

  #tell(): void {
    this.#gathering = undefined
    const fresh = this.#fresh
    this.#fresh = []
    this.announce?.(fresh)
  }
}
