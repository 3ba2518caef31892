import { ErrorCode, type RequestError } from '../api/client/index'
import type { StreamEvents } from '../api/stream'
import type { ChartState } from './chart.svelte'
import type { Workspace } from './workspace.svelte'

/** Which part of the window takes what the server pushes. */
export function pushesTo(workspace: Workspace): Omit<StreamEvents, 'link'> {
  const each = (tell: (chart: ChartState) => void) => workspace.charts.shown.forEach(tell)
  return {
    history: (data) => each((chart) => chart.onHistory(data)),
    kline: (data) => {
      workspace.clock.observe(data.block_time)
      workspace.charts.slots.observe(data.slot, data.block_time)
      each((chart) => chart.onKline(data))
    },
    price: (data) => workspace.tokens.onPrice(data),
    event: (data) => {
      workspace.tape.onEvent(data)
      workspace.totals.onEvent(data)
      each((chart) => chart.onEvent(data))
    },
    token: (data) => workspace.tokens.onCreated(data),
    alert: (data) => workspace.alerts.onAlert(data),
    gap: (notice) => {
      each((chart) => chart.onGap(notice))
      workspace.tape.onGap(notice)
    },
    error: (problem) => refused(workspace, problem),
  }
}

/** Candles, events and price of a coin are refused for the same reason: it is said once, where the person looks. */
function refused({ charts, toasts }: Workspace, { code, message, topic }: RequestError): void {
  const [kind = '', mint] = topic.split(':')
  const ofCoin = code === ErrorCode.invalid && mint && ['kline', 'events', 'price'].includes(kind)
  const shown = ofCoin ? charts.shown.filter((chart) => chart.mint === mint) : []
  for (const chart of shown) chart.refusal = message
  // Over candles the chart says nothing.
  if (shown.length > 0 && shown.every(({ market }) => market.phase !== 'ready')) return

  const text = `The server refused a request: ${message}`
  if (toasts.list.every((toast) => toast.text !== text)) toasts.show('bad', text)
}
