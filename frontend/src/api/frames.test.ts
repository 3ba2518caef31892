import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { FrameTap, type WireFrame } from './frames'

let http: HttpServer
let io: Server
let base: string

beforeEach(async () => {
  http = createServer()
  io = new Server(http, { path: '/socket.io/' })
  io.of('/ws/kline').on('connection', (socket) => {
    socket.on('subscribe_kline', (request: { symbol: string }) => socket.emit('kline_data', { got: request.symbol }))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
})

afterEach(() => io.close())

it('hands over the very frames, both ways, without the token', async () => {
  const frames: WireFrame[] = []
  const link = vi.fn()
  const endpoint = { base, token: 'sesame' }
  const tap = new FrameTap(endpoint, { symbol: 'MINT', interval: 'm1' }, (frame) => frames.push(frame), link)
  tap.open()
  const push = { sent: false, text: '42/ws/kline,["kline_data",{"got":"MINT"}]' }
  await vi.waitFor(() => expect(frames).toContainEqual(push), { timeout: 8000 })
  expect(frames).toContainEqual({ sent: true, text: '40/ws/kline,{"token":"…"}' })
  expect(frames).toContainEqual({
    sent: true,
    text: '42/ws/kline,["subscribe_kline",{"symbol":"MINT","interval":"m1"}]',
  })
  expect(link).toHaveBeenLastCalledWith(true)
  tap.close()
  await vi.waitFor(() => expect(io.of('/ws/kline').sockets.size).toBe(0))
  expect(JSON.stringify(frames)).not.toContain('sesame')
})
