import { isAbort, type Rest, RestError } from '../api/rest'
import type { Status } from '../api/client/index'
import { followedText } from '../market/program'
import { SlotPace } from './pace'

/**
 * How the cluster side stands. off: nothing is read on purpose; connecting: the first attempt; behind: what happens now
 * is not shown yet.
 */
export type Feed = 'unknown' | 'off' | 'connecting' | 'live' | 'behind' | 'down'

const WINDOW_MS = 8000
/** A lag of so long is not worth a word. */
const CALM_LAG_MS = 10_000
/** A question that waits so long for its answer is trouble. */
const SILENT_MS = 7000

interface Sample {
  at: number
  total: number
}

/** The server's own metrics, polled. */
export class Health {
  status = $state.raw<Status | null>(null)
  gaps = $state(0)
  clients = $state(0)
  /** null while history is read in bulk: then nobody can tell. */
  eventsPerSecond = $state<number | null>(0)
  /** Whether the server leaves questions without an answer. */
  silent = $state(false)
  /** Set when the server wants a token that the page has not. */
  unauthorized = $state(false)
  #pace = new SlotPace()
  feed = $derived(feedOf(this.status, this.#pace.ms))
  simulated = $derived(this.status?.cluster === 'demo')
  /** The market is a recording that is played again. */
  replay = $derived(this.status?.cluster === 'replay')
  /** What is read of a program in words, empty where there is nothing to say (market/program.ts). */
  followed(program: string): string {
    return followedText(this.status?.followed_programs?.find((one) => one.program === program))
  }
  #samples: Sample[] = []
  /** When the oldest question without an answer was asked. */
  #asked: number | undefined
  /** Transactions of history that had been read at the last look. */
  #read = -1

  constructor(
    private readonly rest: () => Rest,
    private readonly machine: () => number = () => performance.now(),
  ) {}

  /** Looks whether an answer is overdue. */
  check(): void {
    this.silent = this.#asked !== undefined && this.machine() - this.#asked > SILENT_MS
  }

  async poll(signal?: AbortSignal): Promise<void> {
    this.#asked ??= this.machine()
    try {
      const [status, kline] = await Promise.all([
        this.rest().status(signal),
        this.rest()
          .klineStatus(signal)
          .catch(() => null),
      ])
      this.#pace.take(status.store, status.slot, this.machine())
      this.status = status
      this.#asked = undefined
      this.check()
      if (kline) {
        this.gaps = kline.stats.gaps_open
        this.clients = kline.stats.active_connections
      }
      this.#rate(status)
      this.unauthorized = false
    } catch (error) {
      if (isAbort(error)) return
      if (error instanceof RestError && error.unauthorized) this.unauthorized = true
      this.check()
      this.#samples = []
      this.eventsPerSecond = 0
    }
  }

  /** Events as they happen: those of history, read in bulk, would only look like a storm. */
  #rate({ total_events_processed: total, backfill, connection_status: state }: Status): void {
    const now = this.machine()
    const down = this.feed === 'down'
    const reading = backfill.running || (backfill.done !== this.#read && !this.replay) || down
    this.#read = backfill.done
    if (reading || state === 'catching_up') {
      this.#samples = []
      this.eventsPerSecond = down ? 0 : null
      return
    }
    this.#samples = [...this.#samples.filter((sample) => now - sample.at <= WINDOW_MS), { at: now, total }]
    const first = this.#samples[0]
    if (!first || now - first.at < 500 || total < first.total) return
    this.eventsPerSecond = ((total - first.total) * 1000) / (now - first.at)
  }
}

function feedOf(status: Status | null, slotMs: number): Feed {
  if (!status) return 'unknown'
  const state = status.connection_status
  // A replica reads no cluster: what it has comes over the bus.
  if (status.node && status.node.role !== 'writer') return status.node.trouble ? 'behind' : 'live'
  if (state === 'disabled') return 'off'
  if (state === 'catching_up') return 'behind'
  if (state.startsWith('replay')) return 'live'
  // Older history may be read meanwhile: what happens now comes in all the same.
  if (state === 'connected' || state === 'live') return status.lag_slots * slotMs > CALM_LAG_MS ? 'behind' : 'live'
  return state === 'connecting' && !status.last_error && !status.failures ? 'connecting' : 'down'
}
