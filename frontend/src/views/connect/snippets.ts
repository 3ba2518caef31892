import { socketAddress } from '../../api/client/index'

export type Language = 'node' | 'python' | 'go' | 'curl'

const UNIX_QUOTE = /'/g

/** Ready scripts for the mint and interval shown. A token never stands in them: it comes from the environment. */
export function snippet(language: Language, base: string, mint: string, interval: string, secured: boolean): string {
  const { namespace, path } = socketAddress(base)
  const below = path !== '/socket.io/' // a reverse proxy has put the server below a path

  switch (language) {
    case 'node': {
      const options = [below ? `path: '${path}'` : '', secured ? 'auth: { token: process.env.SPINSCOPE_TOKEN }' : '']
      const given = options.filter((option) => option !== '').join(', ')
      return `// npm install socket.io-client
import { io } from 'socket.io-client'

const socket = io('${namespace}'${given ? `, { ${given} }` : ''})
socket.on('connect', () =>
  socket.emit('subscribe_kline', {
    symbol: '${mint}',
    interval: '${interval}',
  }))
socket.on('history_data', ({ data }) => console.log(data.length, 'candles'))
socket.on('kline_data', ({ data, seq }) =>
  console.log(seq, data.update_type, data.close, data.volume))`
    }
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

sio.connect("${base}", namespaces=["/ws/kline"]${below ? `, socketio_path="${path}"` : ''}${secured ? ',\n            auth={"token": os.environ["SPINSCOPE_TOKEN"]}' : ''})
sio.wait()`
    case 'go':
      return `// go mod init candles && go get github.com/coder/websocket@v1.8.14
package main

import (
	"context"
	"fmt"
	"log"
${secured ? '\t"os"\n' : ''}	"strings"

	"github.com/coder/websocket"
)

func main() {
	ctx := context.Background()
	ws, _, err := websocket.Dial(ctx, "${base.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		log.Fatal(err)
	}
	ws.SetReadLimit(16 << 20)
	say := func(text string) {
		if err := ws.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
			log.Fatal(err)
		}
	}
	for {
		_, data, err := ws.Read(ctx)
		if err != nil {
			log.Fatal(err)
		}
		switch text := string(data); {
		case text[0] == '0': // open: join the namespace
			say(${secured ? 'fmt.Sprintf(`40/ws/kline,{"token":%q}`, os.Getenv("SPINSCOPE_TOKEN"))' : '"40/ws/kline,"'})
		case text == "2": // ping
			say("3")
		case strings.HasPrefix(text, "40/ws/kline,"): // joined
			say(\`42/ws/kline,["subscribe_kline",{"symbol":"${mint}","interval":"${interval}"}]\`)
		case strings.HasPrefix(text, \`42/ws/kline,["kline_data"\`):
			fmt.Println(text)
		}
	}
}`
    case 'curl': {
      const url = `${base}/api/kline?mint=${mint}&interval=${interval}&limit=100`.replace(UNIX_QUOTE, '%27')
      return `curl -s ${secured ? '-H "Authorization: Bearer $SPINSCOPE_TOKEN" ' : ''}'${url}'`
    }
  }
}
