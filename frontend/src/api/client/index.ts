export { klineTopic, Stream } from './stream.js'
export type { Interval, Link, StreamEvents } from './stream.js'
export type * from './wire.gen.js'
