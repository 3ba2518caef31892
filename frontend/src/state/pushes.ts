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
    error: (problem) => workspace.toasts.show('bad', `The server refused a request: ${problem.message}`),
  }
}
