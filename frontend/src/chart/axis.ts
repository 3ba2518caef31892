import { TickMarkType, type PriceFormatCustom, type Time } from 'lightweight-charts'
import { digitsFor, formatPriceAfter, zerosOf } from '../market/price'
import { formatClock, formatDate, formatMoment, type Zone } from '../market/time'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Digits of a price that stands on the axis alone: the last one, the one at the crosshair. */
const ALONE = 5

/**
 * Prices of any size on an axis: the scale's base follows the price, labels get as many digits as their step needs, and
 * all of them begin after as many zeros as the largest has.
 */
export class PriceAxis {
  /** Zeros that the labels begin after, as drawn last. */
  #zeros = 0

  format(price: number): PriceFormatCustom {
    const power = price > 0 ? Math.floor(Math.log10(price)) : 0
    const places = Math.min(20, Math.max(2, 6 - power))
    return {
      type: 'custom',
      minMove: 10 ** -places,
      base: 10 ** places,
      formatter: (value: number) => this.alone(value),
      tickmarksFormatter: (values: number[]) => this.#labels(values),
    }
  }

  /** A price that stands on the axis beside its labels. */
  alone(value: number): string {
    return formatPriceAfter(this.#zeros, value, ALONE)
  }

  #labels(values: readonly number[]): string[] {
    // With a logarithmic scale the steps differ.
    const steps = values.slice(1).map((value, i) => Math.abs(value - (values[i] ?? 0)))
    const step = Math.min(...steps)
    const top = Math.max(...values)
    const digits = digitsFor(top, step)
    this.#zeros = zerosOf(top, digits)
    // Below the candles the axis goes on past zero, where no price is; zero itself comes with a rounding error.
    return values.map((value) => {
      if (Math.abs(value) < step / 1000) return '0'
      if (value < 0) return ''
      return formatPriceAfter(this.#zeros, value, digits)
    })
  }
}

/** One label under the time axis. */
export function tickLabel(time: Time, type: TickMarkType, zone: Zone): string {
  const seconds = Number(time)
  const [year = '', month = '', day = ''] = formatDate(seconds, zone).split('-')
  switch (type) {
    case TickMarkType.Year:
      return year
    case TickMarkType.Month:
      return MONTHS[Number(month) - 1] ?? ''
    case TickMarkType.DayOfMonth:
      return `${Number(day)} ${MONTHS[Number(month) - 1] ?? ''}`
    case TickMarkType.TimeWithSeconds:
      return formatClock(seconds, zone)
    default:
      return formatClock(seconds, zone).slice(0, 5)
  }
}

/** The label at the crosshair. */
export function crossLabel(time: Time, zone: Zone, daily: boolean): string {
  const seconds = Number(time)
  return daily ? formatDate(seconds, 'utc') : formatMoment(seconds, zone)
}
