import type { Link } from '../api/client/index'
import { type Endpoint, Rest } from '../api/rest'
import { Stream, type StreamEvents } from '../api/stream'
import * as native from '../native'

/** starting: no server yet; token: it wants one; failed: it will not come without help; open: the page lives. */
export type Phase = 'starting' | 'token' | 'failed' | 'open'

/** What the parts of the window do as the connection comes and goes. */
export interface ConnectionHooks {
  /** Another server follows: what is known of this one is forgotten. */
  closing(): void
  /** Asks the new server for the first time; false when it does not accept the token. */
  accepted(): Promise<boolean>
  /** The server may be asked for anything. */
  opened(): void
  /** The stream stands again. */
  connected(): void
  /** The stream was refused for want of a token. */
  refused(): void
}

const TOKEN_KEY = 'spinscope.token'
const SERVER_POLL_MS = 100

/** The way to the server: where it is, its token, REST and the stream. */
export class Connection {
  phase = $state<Phase>('starting')
  /** Why the phase is no better, for the person. */
  problem = $state('')
  link = $state<Link>('connecting')
  /** When the connection was lost, in milliseconds; 0 while it stands. */
  lostAt = $state(0)
  /** Such as http://127.0.0.1:5051. */
  address = $state('')
  /** Nobody has chosen a market yet: the window asks. */
  firstStart = $state(false)
  rest = new Rest({ base: '', token: '' })
  stream: Stream
  #token = $state('')
  #stopped = false

  constructor(
    private readonly pushes: Omit<StreamEvents, 'link'>,
    private readonly hooks: ConnectionHooks,
  ) {
    this.stream = this.#newStream({ base: '', token: '' })
  }

  /** Whether the server wants a token of its clients. */
  get secured(): boolean {
    return this.#token !== ''
  }

  /** Where scripts connect, and with which token. */
  get endpoint(): Endpoint {
    return { base: this.address, token: this.#token }
  }

  get stopped(): boolean {
    return this.#stopped
  }

  /** Finds the server and opens the page on it. */
  async start(): Promise<void> {
    let info = await native.serverInfo()
    while (!info.ready && !info.error && !this.#stopped) {
      await new Promise((resolve) => setTimeout(resolve, SERVER_POLL_MS))
      info = await native.serverInfo()
    }
    if (this.#stopped) return

    if (info.error) {
      this.problem = info.error
      this.phase = 'failed'
      return
    }

    this.address = info.base
    this.firstStart = info.first ?? false
    await this.#connect(info.token || readToken())
  }

  stop(): void {
    this.#stopped = true
    this.stream.close()
  }

  /** Takes the token that the person typed. */
  async useToken(token: string): Promise<void> {
    writeToken(token)
    await this.#connect(token)
  }

  async #connect(token: string): Promise<void> {
    this.#token = token
    const { endpoint } = this

    this.hooks.closing()
    this.stream.close()
    this.rest = new Rest(endpoint)
    this.stream = this.#newStream(endpoint)

    if (!(await this.hooks.accepted())) {
      this.problem = token ? 'The server does not accept this token.' : ''
      this.phase = 'token'
      return
    }

    this.phase = 'open'
    this.stream.watchTokens()
    this.stream.watchAlerts()
    this.stream.open()
    this.hooks.opened()
  }

  #newStream(endpoint: Endpoint): Stream {
    return new Stream(endpoint, { ...this.pushes, link: (state) => this.#onLink(state) })
  }

  #onLink(state: Link): void {
    if (state === 'offline' && this.link !== 'offline') this.lostAt = Date.now()
    if (state === 'connected') {
      this.lostAt = 0
      this.hooks.connected()
    }
    if (state === 'unauthorized') {
      this.hooks.refused()
      this.problem = ''
      this.phase = 'token'
    }
    this.link = state
  }
}

function readToken(): string {
  try {
    return sessionStorage.getItem(TOKEN_KEY) ?? ''
  } catch {
    return ''
  }
}

function writeToken(token: string): void {
  try {
    sessionStorage.setItem(TOKEN_KEY, token)
  } catch {
    // Then it is asked for again after a reload.
  }
}
