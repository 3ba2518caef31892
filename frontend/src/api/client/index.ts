export { candleTopic, type Client, connect, socketAddress } from './client.js'
export { ConnectionLostError, ErrorCode, RequestError } from './errors.js'
export type * from './types.js'
export type * from './wire.gen.js'
