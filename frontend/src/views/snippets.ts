export type Language = 'node' | 'python' | 'curl'

const UNIX_QUOTE = /'/g

/** Ready scripts for the mint and interval shown. A token never stands in them: it comes from the environment. */
export function snippet(language: Language, base: string, mint: string, interval: string, secured: boolean): string {
  switch (language) {
    case 'node':
      return `// npm install socket.io-client
import { io } from 'socket.io-client'

const socket = io('${base}/ws/kline'${secured ? ', { auth: { token: process.env.SPINSCOPE_TOKEN } }' : ''})
socket.on('connect', () =>
  socket.emit('subscribe_kline', {
    symbol: '${mint}',
    interval: '${interval}',
  }))
socket.on('history_data', ({ data }) => console.log(data.length, 'candles'))
socket.on('kline_data', ({ data, seq }) =>
  console.log(seq, data.update_type, data.close, data.volume))`
    case 'python':
      return `# pip install "python-socketio[client]"
${secured ? 'import os\n' : ''}import socketio

sio = socketio.Client()

@sio.on("connect", namespace="/ws/kline")
def connected():
    sio.emit("subscribe_kline", {
        "symbol": "${mint}",
        "interval": "${interval}",
    }, namespace="/ws/kline")

@sio.on("kline_data", namespace="/ws/kline")
def candle(push):
    print(push["seq"], push["data"]["close"], push["data"]["volume"])

sio.connect("${base}", namespaces=["/ws/kline"]${secured ? ',\n            auth={"token": os.environ["SPINSCOPE_TOKEN"]}' : ''})
sio.wait()`
    case 'curl': {
      const url = `${base}/api/kline?mint=${mint}&interval=${interval}&limit=100`.replace(UNIX_QUOTE, '%27')
      return `curl -s ${secured ? '-H "Authorization: Bearer $SPINSCOPE_TOKEN" ' : ''}'${url}'`
    }
  }
}
