import { isAbort, type Rest, RestError } from '../api/rest'
import type { Status } from '../api/client/index'

/** How the cluster side stands, in the words the window uses. */
export type Feed = 'unknown' | 'live' | 'behind' | 'down'

const WINDOW_MS = 8000
/** Slots of 0.4 s each that count as no lag worth a word. */
const CALM_LAG = 25

interface Sample {
  at: number
  total: number
}

/** The server's own figures, polled. */
export class Health {
  status = $state.raw<Status | null>(null)
  gaps = $state(0)
  clients = $state(0)
  eventsPerSecond = $state(0)
  /** Set when the server wants a token that the page has not. */
  unauthorized = $state(false)
  feed = $derived(feedOf(this.status))
  simulated = $derived(this.status?.cluster === 'demo')
  /** The market is a recording that is played again. */
  replay = $derived(this.status?.cluster === 'replay')
  #samples: Sample[] = []
  /** Transactions of history that had been read at the last look. */
  #read = -1

  constructor(
    private readonly rest: () => Rest,
    private readonly machine: () => number = () => performance.now(),
  ) {}

  async poll(signal?: AbortSignal): Promise<void> {
    try {
      const [status, kline] = await Promise.all([
        this.rest().status(signal),
        this.rest()
          .klineStatus(signal)
          .catch(() => null),
      ])
      this.status = status
      if (kline) {
        this.gaps = kline.stats.gaps_open
        this.clients = kline.stats.active_connections
      }
      this.#rate(status)
      this.unauthorized = false
    } catch (error) {
      if (isAbort(error)) return
      if (error instanceof RestError && error.unauthorized) this.unauthorized = true
      this.#samples = []
      this.eventsPerSecond = 0
    }
  }

  /** Events as they happen: those of history, read in bulk, would only look like a storm. */
  #rate({ total_events_processed: total, backfill, connection_status: state }: Status): void {
    const now = this.machine()
    const reading = backfill.running || (backfill.done !== this.#read && !this.replay) || feedOf(this.status) === 'down'
    this.#read = backfill.done
    if (reading || state === 'catching_up') {
      this.#samples = []
      this.eventsPerSecond = 0
      return
    }
    this.#samples = [...this.#samples.filter((sample) => now - sample.at <= WINDOW_MS), { at: now, total }]
    const first = this.#samples[0]
    if (!first || now - first.at < 500 || total < first.total) return
    this.eventsPerSecond = ((total - first.total) * 1000) / (now - first.at)
  }
}

function feedOf(status: Status | null): Feed {
  if (!status) return 'unknown'
  const state = status.connection_status
  if (status.backfill.running || state === 'catching_up' || state === 'backfilling') return 'behind'
  if (state.startsWith('replay')) return 'live'
  if (state === 'connected' || state === 'live') return status.lag_slots > CALM_LAG ? 'behind' : 'live'
  return 'down'
}
