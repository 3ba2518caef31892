// Command floor is a plain broadcaster: gorilla/websocket, one goroutine and one channel for each client, one prepared
// message for all. It is what one would write first.
package main

import (
	"log"
	"net/http"
	"slices"
	"sync"

	"github.com/gorilla/websocket"

	"spinscope/bench/fanout/serve"
)

type client struct {
	queue chan *websocket.PreparedMessage
	gone  chan struct{}
}

type hub struct {
	up      websocket.Upgrader
	mu      sync.RWMutex
	clients []*client
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ws, err := h.up.Upgrade(w, r, nil)
	if err != nil {
		return
	}

	c := &client{queue: make(chan *websocket.PreparedMessage, 256), gone: make(chan struct{})}
	h.mu.Lock()
	h.clients = append(h.clients, c)
	h.mu.Unlock()
	go func() {
		for {
			select {
			case m := <-c.queue:
				if ws.WritePreparedMessage(m) != nil {
					_ = ws.Close()
					return
				}
			case <-c.gone:
				return
			}
		}
	}()
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			break
		}
	}

	close(c.gone)
	_ = ws.Close()
	h.mu.Lock()
	h.clients = slices.DeleteFunc(h.clients, func(other *client) bool { return other == c })
	h.mu.Unlock()
}

func (h *hub) push(seq uint64) {
	text := append([]byte(`42`+serve.Namespace+`,["kline_data",`), serve.Payload(seq)...)
	m, err := websocket.NewPreparedMessage(websocket.TextMessage, append(text, ']'))
	if err != nil {
		log.Fatal(err)
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, c := range h.clients {
		select {
		case c.queue <- m: // a full queue is waited for, so nothing is lost
		case <-c.gone:
		}
	}
}

func main() {
	h := &hub{}
	serve.Run(serve.Server{Handler: h, Push: h.push, Connections: func() int {
		h.mu.RLock()
		defer h.mu.RUnlock()
		return len(h.clients)
	}})
}
