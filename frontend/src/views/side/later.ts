/** The panels beside the chart that are not the tape, read together: apart they compress worse. */
export { default as Alerts } from '../alerts/Alerts.svelte'
export { default as Info } from './Info.svelte'
export { default as Orders } from './Orders.svelte'
export { default as Wallets } from './Wallets.svelte'
