import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server, type Socket } from 'socket.io'

type Payload = Record<string, unknown>

/** A real Socket.IO server that answers as Spinscope does, for tests: what is tested is what goes over the socket. */
export class FakeServer {
  requests: [string, Payload][] = []
  clients: Socket[] = []
  /** Clients without it are refused, when it is set. */
  token = ''
  /** Connections refused for another reason, such as too many. */
  refusals = 0
  /** The commit of the history that a candle subscription is answered with; that of since_seq unless set. */
  commit: number | undefined
  /** What the store is called, if it says so. */
  store: string | undefined
  /** Requests are answered with this. */
  answer: (name: string, payload: Payload) => Payload = () => ({ success: true })
  readonly #http: HttpServer
  readonly #io: Server

  private constructor() {
    this.#http = createServer()
    this.#io = new Server(this.#http, { path: '/socket.io/' })
    this.#io
      .of('/ws/kline')
      .use((socket, next) => {
        if (this.refusals-- > 0) next(new Error('too many connections'))
        else if (!this.token || socket.handshake.auth['token'] === this.token) next()
        else next(Object.assign(new Error('token needed'), { data: { code: 1004 } }))
      })
      .on('connection', (socket) => this.#serve(socket))
  }

  static async start(port = 0): Promise<FakeServer> {
    const server = new FakeServer()
    await new Promise<void>((resolve) => server.#http.listen(port, '127.0.0.1', resolve))
    return server
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Sends to the newest client. */
  push(name: string, payload: Payload): void {
    this.clients.at(-1)?.emit(name, payload)
  }

  /** Cuts the newest client off, as if the network had failed. */
  cut(): void {
    this.requests.length = 0
    this.clients.at(-1)?.conn.close()
  }

  close(): Promise<void> {
    return this.#io.close()
  }

  #serve(socket: Socket): void {
    this.clients.push(socket)
    const { store } = this
    socket.emit('connection_success', { clientId: socket.id, supportedSymbols: [], supportedIntervals: [], store })
    socket.onAny((name: string, payload: Payload, done?: (answer: Payload) => void) => {
      this.requests.push([name, payload])
      const answer = this.answer(name, payload)
      const { symbol, interval, since_seq, event } = payload
      const history = name === 'subscribe_kline' || (name === 'get_history' && event !== false)
      if (history && answer['success'])
        socket.emit('history_data', { symbol, interval, seq: this.commit ?? since_seq ?? 0, data: [], store })
      done?.(answer)
    })
  }
}
