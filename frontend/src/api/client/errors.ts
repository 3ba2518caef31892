import type { StreamError } from './wire.gen.js'

/** The codes of docs/protocol.md. */
export const ErrorCode = {
  /** The message names the field and what would be right. */
  invalid: 1001,
  /** As many subscriptions as one client may have are held. */
  refused: 1002,
  historyFailed: 1003,
  /** The token is missing or wrong. */
  unauthorized: 1004,
  /** Too many requests in a second. */
  rateLimited: 1005,
} as const
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode]

/** A request that the server refused. */
export class RequestError extends Error {
  override readonly name = 'RequestError'

  constructor(
    readonly code: ErrorCode,
    message: string,
    /** Such as kline:MINT:m1. */
    readonly topic: string,
  ) {
    super(message)
  }

  static from(answer: StreamError, topic: string): RequestError {
    return new RequestError(answer.code as ErrorCode, answer.message, topic)
  }
}

/** The connection ended before the answer came. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError'

  constructor() {
    super('the connection ended before the answer came')
  }
}
