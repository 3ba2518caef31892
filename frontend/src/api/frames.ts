import { io, type Socket } from 'socket.io-client'
import { socketAddress } from './client/index'
import type { Endpoint } from './rest'

/** One frame as it went over the wire. */
export interface WireFrame {
  /** Sent by the client, not by the server. */
  sent: boolean
  text: string
}

interface Packet {
  type: string
  data?: unknown
}

/** The Engine.IO digits of the packets that a client meets after the handshake. */
const DIGITS: Record<string, string> = { close: '1', ping: '2', pong: '3', message: '4', upgrade: '5', noop: '6' }

/**
 * A connection of its own, made as a script would make it: namespace /ws/kline over WebSocket, one candle subscription.
 * Hands over each frame, both ways, as text.
 */
export class FrameTap {
  readonly #socket: Socket

  constructor(
    endpoint: Endpoint,
    subscription: { symbol: string; interval: string },
    take: (frame: WireFrame) => void,
    link: (open: boolean) => void,
  ) {
    const { namespace, path } = socketAddress(endpoint.base)
    this.#socket = io(namespace, {
      path,
      transports: ['websocket'],
      forceNew: true,
      autoConnect: false,
      auth: endpoint.token ? { token: endpoint.token } : {},
      reconnectionDelayMax: 5000,
    })
    const note = (sent: boolean) => (packet: Packet) => {
      const digit = DIGITS[packet.type]
      if (digit === undefined || (packet.data !== undefined && typeof packet.data !== 'string')) return
      // A token is nobody's business, not even on the own screen.
      take({ sent, text: digit + (packet.data ?? '').replace(/("token":)"[^"]*"/, '$1"…"') })
    }
    this.#socket.io.on('open', () => {
      const { engine } = this.#socket.io
      engine.on('packet', note(false))
      engine.on('packetCreate', note(true))
    })
    this.#socket.on('connect', () => {
      link(true)
      this.#socket.emit('subscribe_kline', subscription)
    })
    this.#socket.on('disconnect', () => link(false))
    this.#socket.on('connect_error', () => link(false))
  }

  open(): void {
    this.#socket.connect()
  }

  close(): void {
    this.#socket.removeAllListeners()
    this.#socket.io.removeAllListeners()
    this.#socket.disconnect()
  }
}
