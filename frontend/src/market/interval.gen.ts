// Generated from backend/market/interval.go by `make gen`. Do not edit.

/** The candle lengths by name, shortest first. Times are Unix seconds; `origin` is one at which a candle begins. */
export const INTERVAL_TABLE = {
  s1: { seconds: 1, origin: 0, words: '1 second', key: '1' },
  s5: { seconds: 5, origin: 0, words: '5 seconds', key: '2' },
  s15: { seconds: 15, origin: 0, words: '15 seconds', key: '3' },
  s30: { seconds: 30, origin: 0, words: '30 seconds', key: '4' },
  m1: { seconds: 60, origin: 0, words: '1 minute', key: '5' },
  m3: { seconds: 180, origin: 0, words: '3 minutes', key: '' },
  m5: { seconds: 300, origin: 0, words: '5 minutes', key: '6' },
  m15: { seconds: 900, origin: 0, words: '15 minutes', key: '7' },
  m30: { seconds: 1800, origin: 0, words: '30 minutes', key: '' },
  h1: { seconds: 3600, origin: 0, words: '1 hour', key: '8' },
  h2: { seconds: 7200, origin: 0, words: '2 hours', key: '' },
  h4: { seconds: 14400, origin: 0, words: '4 hours', key: '9' },
  d1: { seconds: 86400, origin: 0, words: '1 day', key: '0' },
  w1: { seconds: 604800, origin: 345600, words: '1 week', key: '' },
} as const
