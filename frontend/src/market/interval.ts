/** The ten candle lengths, as the wire names them. */
export const INTERVALS = ['s1', 's5', 's15', 's30', 'm1', 'm5', 'm15', 'h1', 'h4', 'd1'] as const
export type Interval = (typeof INTERVALS)[number]

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86400 } as const
const unitWords = { s: 'second', m: 'minute', h: 'hour', d: 'day' } as const

function parts(interval: Interval): [keyof typeof unitSeconds, number] {
  return [interval[0] as keyof typeof unitSeconds, Number(interval.slice(1))]
}

export function isInterval(text: unknown): text is Interval {
  return (INTERVALS as readonly unknown[]).includes(text)
}

/** Length in seconds. */
export function seconds(interval: Interval): number {
  const [unit, count] = parts(interval)
  return unitSeconds[unit] * count
}

/** How traders write it: 15s, 1m, 4h, 1d. */
export function label(interval: Interval): string {
  const [unit, count] = parts(interval)
  return `${count}${unit}`
}

/** For tooltips and screen readers: "15 seconds". */
export function words(interval: Interval): string {
  const [unit, count] = parts(interval)
  return `${count} ${unitWords[unit]}${count === 1 ? '' : 's'}`
}
