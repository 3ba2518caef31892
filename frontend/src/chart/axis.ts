import { TickMarkType, type PriceFormatCustom, type Time } from 'lightweight-charts'
import { digitsFor, formatPrice } from '../market/price'
import { formatClock, formatDate, formatMoment, type Zone } from '../market/time'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Prices of any size on the axis: the scale's base follows the price, labels get as many digits as their step needs. */
export function priceFormat(price: number): PriceFormatCustom {
  const power = price > 0 ? Math.floor(Math.log10(price)) : 0
  const places = Math.min(20, Math.max(2, 6 - power))
  return {
    type: 'custom',
    minMove: 10 ** -places,
    base: 10 ** places,
    formatter: (value: number) => formatPrice(value, 5),
    tickmarksFormatter: (values: number[]) => {
      const [first = 0, second = 0] = values
      const step = Math.abs(second - first)
      const digits = digitsFor(Math.max(...values), step)
      // Below the candles the axis goes on past zero, where no price is; zero itself comes with a rounding error.
      return values.map((value) => {
        if (Math.abs(value) < step / 1000) return '0'
        return value < 0 ? '' : formatPrice(value, digits)
      })
    },
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
