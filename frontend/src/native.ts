/**
 * The one place that knows the desktop shell. In a browser every call falls back to what the browser can do.
 * The shell puts its bindings on window before the page's module runs.
 */

import type { Rule as AlertRule } from './market/alert'
import type { ExportQuestion } from './market/export'

export interface ServerInfo {
  /** Such as http://127.0.0.1:5051, without a slash at the end. */
  base: string
  token: string
  /** Why the server could not start; it will not without the person's help. */
  error: string
  ready: boolean
  /** Nobody has chosen a market yet. */
  first?: boolean
}

/** An endpoint as the settings show it: parts that may be keys are hidden. */
export interface FormEndpoint {
  rpc_url: string
  ws_url: string
  /** Whose hidden parts these are: n > 0 is the n-th stored fallback, −1 the custom cluster's own endpoint, 0 nobody's. */
  stored: number
}

/** Settings by key, such as server.listen; lists are comma-separated. */
export interface SettingsForm {
  values: Record<string, string>
  /** null changes nothing. */
  fallback: FormEndpoint[] | null
}

export interface SettingsView {
  form: SettingsForm
  /** Keys that cannot be changed, with the flag or environment variable that sets them. */
  fixed: Record<string, string> | null
  file: string
  revision: string
  /** Why the file cannot be read. */
  problem: string
  /** Clusters whose market is kept in the data directory. */
  stored: string[]
}

export interface SaveResult {
  problems: { key: string; text: string }[]
  error: string
  restarted: boolean
  /** Where the old file is, if its comments could not be kept. */
  backup: string
  /** Something takes effect only when the app is started again. */
  app_only: boolean
}

export interface EndpointQuestion {
  cluster: string
  endpoint: FormEndpoint
  program_id: string
  commitment: string
}

export interface EndpointReport {
  works: boolean
  /** Why nothing was tried. */
  problem: string
  latency_ms: number
  version: string
  chain: string
  checks: { name: string; ok: boolean; text: string }[]
  note: string
}

/** What the shell tells: choices of the native menu, and how an export goes. */
export interface MenuEvents {
  'export:progress': { path: string; rows: number; part: number; left: number }
  'export:end': { path: string; rows: number; bytes: number; gaps: number; stopped: boolean; error: string }
  kept: { key: string; text: string | null }
  'menu:interval': string
  'menu:theme': string
  'menu:chart': string
  'menu:toggle': string
  'menu:layout': string
  'menu:fit': undefined
  'menu:about': undefined
  'menu:shortcuts': undefined
}

interface Bindings {
  Server(): Promise<ServerInfo>
  CopyText(text: string): Promise<void>
  OpenExternal(url: string): Promise<void>
  Kept(): Promise<{ place: number; kept: Record<string, string> }>
  Keep(key: string, text: string | null): Promise<void>
  /** Opens a further window, which begins with what is kept. */
  NewWindow(kept: Record<string, string>): Promise<void>
  OnTop(): Promise<boolean>
  SetOnTop(on: boolean): Promise<void>
  Heartbeat(): Promise<void>
  SaveAlert(rule: AlertRule): Promise<AlertRule>
  DeleteAlert(id: string): Promise<void>
  /** The answer is the coin's mint. */
  WatchCoin(text: string): Promise<string>
  UnwatchCoin(mint: string): Promise<void>
  /** Asks for a file and begins; the answer is its path, empty when the person changed their mind. */
  Export(request: ExportQuestion & { name: string }): Promise<string>
  StopExport(): Promise<void>
  /** Asks for a file; the answer is its path, empty when the person changed their mind. */
  SavePicture(name: string, base64: string): Promise<string>
  /** Asks for a file; the answer is its path, empty when the person changed their mind. */
  SaveWorkspaces(name: string, text: string): Promise<string>
  /** Asks for a file; its path is empty when the person changed their mind. */
  OpenWorkspaces(): Promise<{ path: string; text: string }>
  Settings(): Promise<SettingsView>
  SaveSettings(change: { revision: string; form: SettingsForm }): Promise<SaveResult>
  TestEndpoint(question: EndpointQuestion): Promise<EndpointReport>
  StopTests(): Promise<void>
}

interface Shell extends Window {
  go?: { app?: { App?: Partial<Bindings> } }
  runtime?: { EventsOn(name: string, take: (...values: unknown[]) => void): () => void }
}

const shell = window as Shell
const app = shell.go?.app?.App

/** Whether the page runs inside the desktop app. */
export const isDesktop = app !== undefined && shell.runtime !== undefined

export async function serverInfo(): Promise<ServerInfo> {
  if (app?.Server) return app.Server()
  return { base: loadedFrom(location), token: '', error: '', ready: true }
}

/** The folder that the page was loaded from: a reverse proxy may have put the server below a path. */
export function loadedFrom({ origin, pathname }: Pick<Location, 'origin' | 'pathname'>): string {
  return origin + pathname.replace(/\/[^/]*$/, '')
}

/** What only the desktop app can do with settings; undefined in a browser, as settings never go over HTTP. */
export type SettingsBindings = Pick<Bindings, 'Settings' | 'SaveSettings' | 'TestEndpoint' | 'StopTests'>

export const settingsBindings: SettingsBindings | undefined =
  app?.Settings && app.SaveSettings && app.TestEndpoint && app.StopTests ? (app as SettingsBindings) : undefined

export async function copyText(text: string): Promise<void> {
  if (app?.CopyText) return app.CopyText(text)
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  copyBySelection(text)
}

/** Opens a web page outside; only http and https leave the app. */
export function openExternal(url: string): void {
  if (!/^https?:\/\//i.test(url)) return
  if (app?.OpenExternal) void app.OpenExternal(url)
  else window.open(url, '_blank', 'noopener,noreferrer')
}

/**
 * Opens a page of the server itself outside. In a browser it gets what this tab keeps, such as the server's token; a page
 * of strangers must not.
 */
export function openOwn(url: string): void {
  if (app?.OpenExternal) openExternal(url)
  else window.open(url, '_blank')
}

/** What windows of the app share with each other; null in a browser, where they share what it keeps. */
export type Sharing = Pick<Bindings, 'Kept' | 'Keep' | 'NewWindow'>

export const sharing: Sharing | null = app?.Kept && app.Keep && app.NewWindow ? (app as Sharing) : null

/** What keeps the window above those of other programs; null in a browser, whose windows are its own. */
export function topSwitch(): { get(): Promise<boolean>; set(on: boolean): Promise<void> } | null {
  const { OnTop: get, SetOnTop: set } = app ?? {}
  return get && set ? { get: () => get(), set: (on) => set(on) } : null
}

/** Says that the page is alive: when its process crashes the shell is told nothing. */
export function heartbeat(): void {
  void app?.Heartbeat?.()
}

/** What changes alert rules; null in a browser, where they can only be looked at. */
export function alertWriter(): {
  save(rule: AlertRule): Promise<AlertRule>
  delete(id: string): Promise<void>
} | null {
  const { SaveAlert: save, DeleteAlert: remove } = app ?? {}
  return save && remove ? { save: (rule) => save(rule), delete: (id) => remove(id) } : null
}

/** What changes the list of watched coins; null in a browser, as nothing changes it over HTTP. */
export function watchWriter(): { add(text: string): Promise<string>; remove(mint: string): Promise<void> } | null {
  const { WatchCoin: add, UnwatchCoin: remove } = app ?? {}
  return add && remove ? { add: (text) => add(text), remove: (mint) => remove(mint) } : null
}

/** What writes exports to files; null in a browser, which downloads them. */
export function exportWriter(): {
  begin(request: ExportQuestion & { name: string }): Promise<string>
  stop(): void
} | null {
  const { Export: begin, StopExport: stop } = app ?? {}
  return begin && stop ? { begin: (request) => begin(request), stop: () => void stop() } : null
}

/** Listens to the shell; returns how to stop. */
export function onMenu<Name extends keyof MenuEvents>(name: Name, take: (value: MenuEvents[Name]) => void): () => void {
  return shell.runtime?.EventsOn(name, (value) => take(value as MenuEvents[Name])) ?? (() => undefined)
}

/** Gives the person a file, in a browser; the desktop app has its own save dialog. */
export function saveFile(name: string, content: Blob): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** Gives the person a picture as a file; the answer is what it is called now, empty when they changed their mind. */
export async function savePicture(name: string, canvas: HTMLCanvasElement): Promise<string> {
  if (app?.SavePicture) return app.SavePicture(name, canvas.toDataURL('image/png').split(',')[1] ?? '')
  const picture = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve))
  if (!picture) throw new Error('the browser could not draw the picture')
  saveFile(name, picture)
  return name
}

/** Gives the person workspaces as a file; the answer is what it is called now, empty when they changed their mind. */
export async function saveWorkspaces(name: string, text: string): Promise<string> {
  if (app?.SaveWorkspaces) return app.SaveWorkspaces(name, text)
  saveFile(name, new Blob([text], { type: 'application/json' }))
  return name
}

/** What a file says that the person chooses, up to `most` bytes of it; undefined when they changed their mind. */
export async function openWorkspaces(most: number): Promise<string | undefined> {
  if (app?.OpenWorkspaces) {
    const { path, text } = await app.OpenWorkspaces()
    return path ? text : undefined
  }
  const field = document.createElement('input')
  field.type = 'file'
  field.accept = '.json'
  const file = await new Promise<File | undefined>((resolve) => {
    field.onchange = () => resolve(field.files?.[0])
    field.oncancel = () => resolve(undefined)
    field.click()
  })
  return file?.slice(0, most).text()
}

// navigator.clipboard exists on https and localhost only; a server reached by name over http has this.
function copyBySelection(text: string): void {
  const field = document.createElement('textarea')
  field.value = text
  field.className = 'visually-hidden'
  document.body.append(field)
  field.select()
  const copied = document.execCommand('copy')
  field.remove()
  if (!copied) throw new Error('the browser refused to copy')
}
