/**
 * The dialogs, and what else is no part of what stands before the first candle, read together: each apart, the bundler would
 * cut what they share with the page out of it, in pieces that compress worse and are read before the first candle. Together
 * they are some 7 KB smaller.
 */
export { default as Connect } from '../connect/Connect.svelte'
export { default as Export } from '../export/Export.svelte'
export { default as Filter } from '../tokens/Filter.svelte'
export { default as Gaps } from '../chart/Gaps.svelte'
export { default as Health } from '../health/Health.svelte'
export { default as Help } from '../help/Help.svelte'
export { copyLink, newWindow, openLink } from '../chart/link'
export { default as Layers } from '../chart/Layers.svelte'
export { default as Replay } from '../chart/Replay.svelte'
export { default as Tour } from '../help/Tour.svelte'
export { default as Watched } from '../tokens/Watched.svelte'
export { SavedWorkspaces } from '../../state/saved-workspaces.svelte'
export { default as About } from './About.svelte'
export { default as Shortcuts } from './Shortcuts.svelte'
export { default as Workspaces } from './Workspaces.svelte'
