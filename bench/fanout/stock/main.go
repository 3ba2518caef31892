// Command stock is the same service over github.com/zishang520/socket.io/v2 as it ships.
package main

import (
	"encoding/json"
	"time"

	"github.com/zishang520/engine.io/v2/types"
	"github.com/zishang520/socket.io/v2/socket"

	"spinscope/bench/fanout/serve"
)

func main() {
	options := socket.DefaultServerOptions()
	options.SetPath("/socket.io")
	options.SetServeClient(false)
	options.SetTransports(types.NewSet("polling", "websocket"))
	options.SetPingInterval(30 * time.Second)
	options.SetPingTimeout(60 * time.Second)

	io := socket.NewServer(nil, options)
	space := io.Of(serve.Namespace, nil)
	_ = space.On("connection", func(args ...any) {
		client := args[0].(*socket.Socket)
		_ = client.On("subscribe_kline", func(...any) {
			client.Join(socket.Room(serve.Room))
			_ = client.Emit("history_data", map[string]any{"symbol": serve.Symbol, "interval": "m1", "data": []any{}})
			_ = client.Emit("subscription_confirmed", map[string]any{"topic": serve.Room, "success": true})
		})
		_ = client.Emit("connection_success", map[string]any{"clientId": client.Id()})
	})
	serve.Run(serve.Server{
		Handler: io.ServeHandler(nil),
		Push: func(seq uint64) {
			_ = space.To(socket.Room(serve.Room)).Emit("kline_data", json.RawMessage(serve.Payload(seq)))
		},
		Connections: func() int { return space.Sockets().Len() },
	})
}
