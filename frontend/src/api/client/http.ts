import type { Envelope } from './wire.gen.js'

/** Where the server is, without a slash at the end, and what it wants to hear. An empty base is the page's own origin. */
export interface Endpoint {
  base: string
  token: string
}

/** Is thrown when the server answers with a failure, or (status 0) does not answer at all. */
export class RestError extends Error {
  override readonly name = 'RestError'

  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message)
  }

  get unauthorized(): boolean {
    return this.status === 401
  }

  /** Whether the same request may succeed later: nobody was there, too much was asked at once, or the server is ill. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

export type Query = Record<string, string | number | readonly string[] | undefined>

const TIMEOUT_MS = 15_000

/** The data of an answer of the REST API. Rejects with a RestError, or as `fetch` does when the call was aborted. */
export async function fetchData<T>(endpoint: Endpoint, path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetchAnswer(endpoint, path, init)
  const body = parsed(await readText(response, init)) as Partial<Envelope<T>> | null
  if (!body?.success || body.data === undefined || body.data === null) {
    throw new RestError(body?.message || 'the answer is not one of Spinscope', response.status)
  }
  return body.data
}

/** The text of an answer, whole: a server that ends on the way has not answered. */
export async function readText(response: Response, init: RequestInit = {}): Promise<string> {
  try {
    return await response.text()
  } catch (cause) {
    if (init.signal?.aborted) throw cause
    throw new RestError('the answer broke off', 0)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** A good answer, whatever is in it. Without a time limit, in milliseconds, it may come as late as it likes. */
export async function fetchAnswer(
  endpoint: Endpoint,
  path: string,
  init: RequestInit = {},
  timeout = TIMEOUT_MS,
): Promise<Response> {
  const headers = new Headers(init.headers)
  if (endpoint.token) headers.set('Authorization', `Bearer ${endpoint.token}`)
  const signals = [init.signal, timeout > 0 ? AbortSignal.timeout(timeout) : null].filter((signal) => signal != null)
  const signal = signals.length > 0 ? anySignal(signals) : null
  let response: Response
  try {
    response = await fetch(endpoint.base + path, { ...init, headers, signal })
  } catch (cause) {
    if (init.signal?.aborted) throw cause
    throw new RestError('the server does not answer', 0)
  }
  if (response.ok) return response
  const body = (await response.json().catch(() => null)) as Record<string, unknown> | null
  const message = body?.['message'] ?? body?.['detail'] ?? `the server answered ${response.status}`
  throw new RestError(String(message), response.status)
}

/** AbortSignal.any, which older webviews and Node.js 18 lack. */
function anySignal(signals: AbortSignal[]): AbortSignal {
  if ('any' in AbortSignal) return AbortSignal.any(signals)
  const controller = new AbortController()
  for (const signal of signals as AbortSignal[]) {
    if (signal.aborted) controller.abort(signal.reason)
    signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true })
  }
  return controller.signal
}

/** A path with the parameters that have a value; a list is one parameter several times. */
export function withQuery(path: string, query: Query): string {
  const pairs: [string, string][] = []
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const one of Array.isArray(value) ? (value as readonly string[]) : [value]) pairs.push([key, String(one)])
  }
  return pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs)}`
}
