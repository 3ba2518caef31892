export { type Bars, type BarsQuery, type DatedGap, StoreChangedError } from './bars.js'
export {
  type CandleFollower,
  type CandleOptions,
  type CandleUpdate,
  type FollowUpdate,
  type Reset,
  type WatchUpdate,
} from './candles.js'
export { candleTopic, type Client, connect, socketAddress } from './client.js'
export { ConnectionLostError, ErrorCode, RequestError } from './errors.js'
export {
  type EventFollower,
  type EventsUpdate,
  type EventUpdate,
  type GapUpdate,
  type PriceFollower,
} from './events.js'
export { type FollowOptions, type Position } from './follower.js'
export { RestError } from './http.js'
export { Spinscope } from './spinscope.js'
export type * from './types.js'
export type * from './wire.gen.js'
