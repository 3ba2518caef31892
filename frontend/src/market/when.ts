import type { Zone } from './time'

/** The seconds that a written time stands for, first and last: a day is all of it, a moment one second. Unix seconds. */
export interface When {
  from: number
  to: number
}

/** The least number that is taken for Unix seconds: in 2001, before any chain. What is below is a date without its dashes. */
const FIRST_SECOND = 1_000_000_000
/** From here on a number is of milliseconds. */
const MILLISECONDS = 100_000_000_000

const AGE = /^(\d+(?:\.\d+)?)\s*(d|h|m|min|s)$/
const UNITS: Record<string, number> = { d: 86_400, h: 3600, m: 60, min: 60, s: 1 }
/** 2026, 2026-11, 2026-11-01, with a clock behind a day, and with Z or +01:00 behind that. */
const DATE = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?\s*(Z|[+-]\d{2}:\d{2})?)?)?)?$/

/** How a time may be written, for whoever wrote it otherwise. */
export const WHEN_HINT = 'write a day as 2026-11-01, a time as 2026-11-01 12:00, or an age as 7d or 36h'

/** Reads a time as people write it, in the zone that the window shows; a text says what is wrong with it. `now` is in Unix seconds. */
export function readWhen(text: string, zone: Zone, now: number): When | string {
  const trimmed = text.trim()

  const age = AGE.exec(trimmed)
  if (age) {
    const at = Math.floor(now - Number(age[1]) * (UNITS[age[2] ?? ''] ?? 0))
    return { from: at, to: at }
  }

  if (/^\d{5,}$/.test(trimmed)) {
    const seconds = Number(trimmed)
    if (seconds >= MILLISECONDS)
      return `${trimmed} looks like milliseconds: write seconds, ${Math.floor(seconds / 1000)}`
    if (seconds >= FIRST_SECOND) return { from: seconds, to: seconds }
  }

  const date = DATE.exec(trimmed)
  if (!date) return WHEN_HINT
  const [, year, month, day, hour, minute, second, offset] = date
  const at: Fields = [num(year), num(month ?? '1'), num(day ?? '1'), num(hour), num(minute), num(second)]
  if (!exists(at)) return `there is no ${trimmed}`

  const from = offset ? moment(at, 'utc') - offsetOf(offset) : moment(at, zone)
  if (hour !== undefined) return { from, to: second === undefined ? from + 59 : from }
  const [y, m, d] = at
  const next: Fields = day ? [y, m, d + 1, 0, 0, 0] : month ? [y, m + 1, 1, 0, 0, 0] : [y + 1, 1, 1, 0, 0, 0]
  return { from, to: moment(next, zone) - 1 }
}

/** Year, month from 1, day, hour, minute, second. */
type Fields = [number, number, number, number, number, number]

const num = (text: string | undefined) => Number(text ?? 0)

/** Unix seconds; a month or a day past the last is of the year or month after. */
function moment([year, month, day, hour, minute, second]: Fields, zone: Zone): number {
  const at =
    zone === 'utc'
      ? Date.UTC(year, month - 1, day, hour, minute, second)
      : new Date(year, month - 1, day, hour, minute, second).getTime()
  return at / 1000
}

/** Whether the calendar and the clock have it: 31 November is none. */
function exists(fields: Fields): boolean {
  const date = new Date(moment(fields, 'utc') * 1000)
  const [year, month, day, hour, minute, second] = fields
  return (
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second
  )
}

function offsetOf(text: string): number {
  if (text === 'Z') return 0
  const [hours = 0, minutes = 0] = text.slice(1).split(':').map(Number)
  return (text.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60)
}
