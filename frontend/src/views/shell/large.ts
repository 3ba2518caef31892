/**
 * Dialogs, and what else is seldom wanted, that are read together: each apart, the bundler would cut what both share with the page out of it, in pieces that
 * compress worse and are read before the first candle.
 */
export { default as Export } from '../export/Export.svelte'
export { default as Help } from '../help/Help.svelte'
export { default as Replay } from '../chart/Replay.svelte'
export { SavedWorkspaces } from '../../state/saved-workspaces.svelte'
export { default as Workspaces } from './Workspaces.svelte'
