// Command centrifuge is the same service over github.com/centrifugal/centrifuge, with its defaults but a queue that
// holds a whole burst.
package main

import (
	"context"
	"log"

	"github.com/centrifugal/centrifuge"

	"spinscope/bench/fanout/serve"
)

func main() {
	node, err := centrifuge.New(centrifuge.Config{ClientQueueMaxSize: 1 << 30})
	if err != nil {
		log.Fatal(err)
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{UserID: ""}}, nil
	})
	node.OnConnect(func(c *centrifuge.Client) {
		c.OnSubscribe(func(_ centrifuge.SubscribeEvent, answer centrifuge.SubscribeCallback) {
			answer(centrifuge.SubscribeReply{}, nil)
		})
	})
	if err := node.Run(); err != nil {
		log.Fatal(err)
	}

	serve.Run(serve.Server{
		Handler: centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{}),
		Push: func(seq uint64) {
			if _, err := node.Publish(serve.Room, serve.Payload(seq)); err != nil {
				log.Fatal(err)
			}
		},
		Connections: func() int { return node.Hub().NumClients() },
	})
}
