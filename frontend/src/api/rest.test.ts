import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { isAbort, Rest, RestError } from './rest'

let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const made = createServer(answer)
  server = made
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}`
}

const json = (response: ServerResponse, status: number, body: unknown) =>
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))

it('asks as the contract says and unwraps the envelope', async () => {
  const seen: string[] = []
  const base = await serve((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`)
    json(response, 200, { success: true, data: { klines: [], seq: 7 }, message: '' })
  })
  const page = await new Rest({ base, token: 'sesame' }).klines('MINT', 'm1', { limit: 5, to: 60 })
  expect(page.seq).toBe(7)
  expect(seen).toEqual(['GET /api/kline?mint=MINT&interval=m1&order_by=time_desc&limit=5&to=60 Bearer sesame'])
})

it('sends mints in the body, and nothing for none', async () => {
  let body = ''
  const base = await serve((request, response) => {
    request.on('data', (part) => (body += part))
    request.on('end', () => json(response, 200, { success: true, data: { details: [{}], total: 1 }, message: '' }))
  })
  const rest = new Rest({ base, token: '' })
  expect(await rest.details([])).toEqual([])
  expect(body).toBe('')
  expect(await rest.details(['A', 'B'])).toHaveLength(1)
  expect(JSON.parse(body)).toEqual({ mints: ['A', 'B'] })
})

it.each([
  [401, { success: false, data: null, message: 'token needed' }, 'token needed'],
  [400, { success: false, data: null, message: 'mint: not base58' }, 'mint: not base58'],
  [422, { detail: 'limit must be a number' }, 'limit must be a number'],
  [502, 'not json at all', 'the server answered 502'],
])('turns a %i into an error that says why', async (status, body, message) => {
  const base = await serve((_, response) => json(response, status, body))
  const error = await new Rest({ base, token: '' }).status().catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(RestError)
  expect(error).toMatchObject({ message, status, unauthorized: status === 401 })
})

it('refuses an answer that is no envelope', async () => {
  const base = await serve((_, response) => response.end('<html>'))
  await expect(new Rest({ base, token: '' }).status()).rejects.toBeInstanceOf(RestError)
})

it('says so when nobody answers', async () => {
  const base = await serve((request) => request.socket.destroy())
  await expect(new Rest({ base, token: '' }).status()).rejects.toMatchObject({ status: 0 })
})

it('lets a call that is no longer wanted go', async () => {
  const base = await serve(() => undefined)
  const wanted = new AbortController()
  const asked = new Rest({ base, token: '' }).status(wanted.signal).catch((cause: unknown) => cause)
  wanted.abort()
  expect(isAbort(await asked)).toBe(true)
})
