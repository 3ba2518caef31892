package simnet

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/coder/websocket"

	"spinscope/backend/market"
)

const maxRequest = 1 << 20 // bytes of a request, on either service

// subscription is one stream of a socket.
type subscription struct {
	id       uint64
	slots    bool // slotSubscribe; else logs
	all      bool // logs of every transaction
	mentions market.Pubkey
	level    commitment
	late     [][]byte // notifications held back by a fault
	held     int      // for so many slots
}

// socket is one PubSub connection: its handler reads, a goroutine of its own writes what waits in the queue.
type socket struct {
	conn  *websocket.Conn
	queue chan []byte
	gone  chan struct{}
	once  sync.Once

	mu     sync.Mutex
	silent bool
	subs   []*subscription
}

// sockets are the open connections.
type sockets struct {
	mu   sync.Mutex
	open map[*socket]struct{}
	next atomic.Uint64 // subscription id, 0 is the first one as on a real cluster
}

func (s *sockets) all() []*socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*socket, 0, len(s.open))
	for each := range s.open {
		list = append(list, each)
	}
	return list
}

const maxSockets = 1000

func (s *sockets) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open) >= maxSockets
}

func (s *sockets) add(each *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[*socket]struct{}{}
	}
	s.open[each] = struct{}{}
}

func (s *sockets) remove(each *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, each)
}

// cut ends the connection at once.
func (s *socket) cut() { s.once.Do(func() { close(s.gone) }) }

// send queues a message; a client that does not keep up is cut off.
func (s *socket) send(message []byte) {
	select {
	case s.queue <- message:
	case <-s.gone:
	default:
		s.cut()
	}
}

// serveSocket is the life of a connection.
func (n *Net) serveSocket(w http.ResponseWriter, r *http.Request) {
	if n.sockets.full() {
		http.Error(w, "too many connections", http.StatusServiceUnavailable)
		return
	}

	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // Accept has answered
	}

	n.clients.Add(1)
	defer n.clients.Done()

	conn.SetReadLimit(maxRequest)
	s := &socket{conn: conn, queue: make(chan []byte, n.cfg.QueuedMessages), gone: make(chan struct{})}
	ctx, cancel := context.WithCancel(n.stop)
	defer cancel()

	n.sockets.add(s)
	defer n.sockets.remove(s)

	var writer sync.WaitGroup
	writer.Go(func() {
		s.write(ctx)
		_ = conn.CloseNow() // it may be closed already
	})
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			break
		}
		if reply := (&access{Net: n}).answer(ctx, data, s); reply != nil {
			s.send(reply)
		}
	}

	cancel()
	writer.Wait()
}

func (s *socket) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.gone:
			return
		case message := <-s.queue:
			if s.conn.Write(ctx, websocket.MessageText, message) != nil {
				return
			}
		}
	}
}

// subscribe adds a stream. The answer is queued first, so that no notification overtakes it.
func (s *socket) subscribe(sub *subscription, answer func(id uint64) []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send(answer(sub.id))
	s.subs = append(s.subs, sub)
}

// unsubscribe ends a stream; false if it is none of this connection.
func (s *socket) unsubscribe(id uint64, slots bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, sub := range s.subs {
		if sub.id == id && sub.slots == slots {
			s.subs = append(s.subs[:i], s.subs[i+1:]...)
			return true
		}
	}
	return false
}
