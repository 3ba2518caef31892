/** Which clock the window shows. */
export type Zone = 'local' | 'utc'

const DAY = 86_400

const two = (value: number) => String(value).padStart(2, '0')

function fields(seconds: number, zone: Zone): [number, number, number, number, number, number] {
  const date = new Date(seconds * 1000)
  return zone === 'utc'
    ? [
        date.getUTCFullYear(),
        date.getUTCMonth() + 1,
        date.getUTCDate(),
        date.getUTCHours(),
        date.getUTCMinutes(),
        date.getUTCSeconds(),
      ]
    : [date.getFullYear(), date.getMonth() + 1, date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds()]
}

/** 12:01:07 */
export function formatClock(seconds: number, zone: Zone): string {
  const [, , , hour, minute, second] = fields(seconds, zone)
  return `${two(hour)}:${two(minute)}:${two(second)}`
}

/** 12:01:07.250, of Unix milliseconds */
export function formatMillis(milliseconds: number, zone: Zone): string {
  return `${formatClock(milliseconds / 1000, zone)}.${String(Math.floor(milliseconds % 1000)).padStart(3, '0')}`
}

/** 2025-08-14 */
export function formatDate(seconds: number, zone: Zone): string {
  const [year, month, day] = fields(seconds, zone)
  return `${year}-${two(month)}-${two(day)}`
}

/** 2025-08-14 12:01:07; midnight of a daily candle goes without the clock. */
export function formatMoment(seconds: number, zone: Zone): string {
  return `${formatDate(seconds, zone)} ${formatClock(seconds, zone)}`
}

/** Whether both, Unix seconds, are of the same day in UTC. */
export function sameDay(a: number, b: number): boolean {
  return Math.floor(a / DAY) === Math.floor(b / DAY)
}

/** How long ago, in one unit: now, 42s, 7m, 3h, 12d. */
export function formatAge(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–'
  if (seconds < 1) return 'now'
  if (seconds < 60) return `${Math.floor(seconds)}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`
  if (seconds < DAY) return `${Math.floor(seconds / 3600)}h`
  return `${Math.floor(seconds / DAY)}d`
}

/** The same as a part of a sentence: 5s ago, just now. */
export function ago(seconds: number): string {
  return seconds < 1 ? 'just now' : `${formatAge(seconds)} ago`
}

/** Time left of a bucket, as 0:07, 4:59 or 3:04:59. */
export function formatCountdown(seconds: number): string {
  const left = Math.max(0, Math.ceil(seconds))
  const [hour, minute, second] = [Math.floor(left / 3600), Math.floor((left % 3600) / 60), left % 60]
  return hour > 0 ? `${hour}:${two(minute)}:${two(second)}` : `${minute}:${two(second)}`
}
