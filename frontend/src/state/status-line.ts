import type { Link, Status } from '../api/client/index'
import { formatWhole } from '../market/price'
import type { Feed } from './health.svelte'

/** How everything stands, as one word for the status bar and, unless all is well, a sentence with the way out. */
export interface StatusLine {
  state: Feed | 'offline' | 'silent' | 'unauthorized' | 'reaching' | 'history'
  word: string
  /** Empty when there is nothing to say. */
  text: string
  /** What the person can do about it. */
  actions: readonly ('retry' | 'health' | 'settings')[]
}

export interface StatusInputs {
  link: Link
  /** Whether the server leaves questions without an answer, although the connection stands. */
  silent: boolean
  feed: Feed
  status: Status | null
  /** When the connection was lost, as a person reads it; empty when it never stood. */
  lost: string
}

const quiet = { text: '', actions: [] }

/** The server before the cluster, the cluster before the history: the first trouble explains the others. */
export function statusLineOf({ link, silent, feed, status, lost }: StatusInputs): StatusLine {
  if (link === 'unauthorized') return { state: 'unauthorized', word: 'Token needed', ...quiet }
  if (link === 'offline' || link === 'closed') {
    const since = lost ? ` since ${lost}` : ''
    const text = `No connection to the server${since}. What you see is from before; retrying.`
    return { state: 'offline', word: 'Offline', text, actions: ['retry'] }
  }
  if (link === 'connecting') return { state: 'reaching', word: 'Connecting', ...quiet }
  if (silent) {
    const text = 'The server is not responding. What you see may be out of date; retrying.'
    return { state: 'silent', word: 'Server not responding', text, actions: ['retry'] }
  }
  if (!status) return { state: 'unknown', word: 'Waiting', ...quiet }
  if (status.node?.trouble) {
    const text = `${sentence(status.node.trouble)}. What is stored stays available.`
    return {
      state: 'behind',
      word: status.node.role === 'writer' ? 'Not storing' : 'Behind',
      text,
      actions: ['health'],
    }
  }
  const why = status.last_error ? `: ${status.last_error}` : ''
  switch (feed) {
    case 'off': {
      const text = 'Reading the cluster is switched off (solana.enable_event_listener). Only stored data is shown.'
      return { state: feed, word: 'Not reading', text, actions: ['settings'] }
    }
    case 'connecting':
      return {
        state: feed,
        word: 'Connecting',
        text: `Connecting to the ${status.cluster} cluster.`,
        actions: ['health'],
      }
    case 'down': {
      const text = `The ${status.cluster} cluster cannot be read${why}. Retrying; stored history stays available.`
      return { state: feed, word: 'Cluster unreachable', text, actions: ['health', 'settings'] }
    }
    case 'behind':
      return { state: feed, word: 'Catching up', text: behindText(status), actions: ['health'] }
    default:
      if (!status.backfill.running) return { state: feed, word: 'Live', ...quiet }
      return {
        state: 'history',
        word: 'Live',
        text: `${readingText('older history', status)} New trades keep coming in.`,
        actions: ['health'],
      }
  }
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

function behindText(status: Status): string {
  if (status.backfill.running) return `${readingText('history', status)} Live trades follow afterwards.`
  if (status.connection_status === 'catching_up') return 'Reading what happened since the connection was lost.'
  return `What you see is ${formatWhole(status.lag_slots)} slots behind the chain.`
}

function readingText(what: string, { backfill: { done, total, eta_seconds: eta } }: Status): string {
  if (!total) return `Reading ${what}: counting transactions.`
  const left = eta > 0 ? `, about ${eta < 90 ? `${Math.ceil(eta)}s` : `${Math.ceil(eta / 60)}m`} left` : ''
  return `Reading ${what}: ${formatWhole(done)} of ${formatWhole(total)} transactions${left}.`
}
