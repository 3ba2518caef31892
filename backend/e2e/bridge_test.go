package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"spinscope/examples/exampletest"
)

// message is one thing a client received. Events of the library itself begin with "@".
type message struct {
	NS    string            `json:"ns"`
	Event string            `json:"event"`
	Args  []json.RawMessage `json:"args"`
	Ack   int               `json:"ack"`
}

// read decodes the first argument.
func (m *message) read(target any) error {
	if len(m.Args) == 0 {
		return fmt.Errorf("%s has no argument", m.Event)
	}
	return json.Unmarshal(m.Args[0], target)
}

// inbox collects messages from a client's standard output, in order.
type inbox struct {
	mu       sync.Mutex
	rest     []byte
	messages []message
	broken   error
}

// Write takes the output of the client's process.
func (b *inbox) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rest = append(b.rest, p...)
	for {
		line, rest, ok := bytes.Cut(b.rest, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		var m message
		if err := json.Unmarshal(line, &m); err != nil {
			b.broken = fmt.Errorf("%w in %.200q", err, line)
		}
		b.messages = append(b.messages, m)
		b.rest = slices.Clone(rest)
	}
}

// client is a Socket.IO client of another language in a process of its own.
type client struct {
	*process
	inbox *inbox
	acks  int
}

// all returns what was received from place on.
func (c *client) all(from int) []message {
	c.inbox.mu.Lock()
	defer c.inbox.mu.Unlock()
	if c.inbox.broken != nil {
		c.t.Fatalf("%s: %v", c.name, c.inbox.broken)
	}
	return c.inbox.messages[from:len(c.inbox.messages):len(c.inbox.messages)]
}

func (c *client) say(command any) {
	c.t.Helper()
	line, err := json.Marshal(command)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.stdin.Write(append(line, '\n')); err != nil {
		c.t.Fatalf("%s: %v", c.name, err)
	}
}

// connect joins the namespaces and waits for their greetings. options are the library's.
func (c *client) connect(options map[string]any, namespaces ...string) {
	c.t.Helper()
	from := len(c.all(0))
	c.dial(options, namespaces...)
	for _, ns := range namespaces {
		c.next(from, ns, "connection_success")
	}
}

// dial asks for a connection and does not wait.
func (c *client) dial(options map[string]any, namespaces ...string) {
	c.t.Helper()
	if options == nil {
		options = map[string]any{}
	}
	c.say(map[string]any{"op": "connect", "namespaces": namespaces, "options": options})
}

// emit sends an event without asking for an acknowledgement.
func (c *client) emit(ns, event string, args ...any) {
	c.t.Helper()
	c.say(map[string]any{"op": "emit", "ns": ns, "event": event, "args": list(args)})
}

// ask sends an event and returns the acknowledgement's place and payload.
func (c *client) ask(ns, event string, args ...any) reply {
	c.t.Helper()
	from := len(c.all(0))
	id := c.askLater(ns, event, args...)
	return c.answer(from, id)
}

// askLater sends an event whose acknowledgement is read with answer.
func (c *client) askLater(ns, event string, args ...any) int {
	c.t.Helper()
	c.acks++
	c.say(map[string]any{"op": "emit", "ns": ns, "event": event, "args": list(args), "ack": c.acks})
	return c.acks
}

func list(args []any) []any {
	if args == nil {
		return []any{}
	}
	return args
}

// reply is an acknowledgement.
type reply struct {
	Success bool   `json:"success"`
	Code    int    `json:"code"`
	Message string `json:"message"`
	Topic   string `json:"topic"`
}

func (c *client) answer(from, id int) reply {
	c.t.Helper()
	var r reply
	c.find(from, fmt.Sprintf("acknowledgement %d", id), func(m *message) bool {
		return m.Event == "@ack" && m.Ack == id && m.read(&r) == nil
	})
	return r
}

// next waits for an event of a namespace, at or after from, and returns its place and itself.
func (c *client) next(from int, ns, event string) (int, message) {
	c.t.Helper()
	return c.find(from, ns+" "+event, func(m *message) bool { return m.NS == ns && m.Event == event })
}

// find waits for the first message at or after from that fits.
func (c *client) find(from int, what string, fits func(*message) bool) (place int, found message) {
	c.t.Helper()
	await(c.t, c.name+": "+what, func() error {
		if err := c.alive(); err != nil {
			c.t.Fatal(err)
		}
		list := c.all(from)
		for i := range list {
			if fits(&list[i]) {
				place, found = from+i, list[i]
				return nil
			}
		}
		from += len(list)
		return fmt.Errorf("not among %d messages", from)
	})
	return place, found
}

// dropped fails when the client lost its connection at or after from.
func (c *client) dropped(from int) error {
	for _, m := range c.all(from) {
		if m.Event == "@disconnect" || m.Event == "@connect_error" {
			return fmt.Errorf("%s: %s %s", c.name, m.Event, m.Args)
		}
	}
	return nil
}

// close ends the client's process in good order.
func (c *client) close() {
	c.t.Helper()
	if err := c.stdin.Close(); err != nil {
		c.t.Fatal(err)
	}
	if code := c.wait(); code != 0 {
		c.t.Fatalf("%s: exit code %d", c.name, code)
	}
}

func startClient(t *testing.T, name string, argv ...string) *client {
	t.Helper()
	in := &inbox{}
	return &client{process: launch(t, name, environment(t), in, argv...), inbox: in}
}

// startNode starts the npm client.
func startNode(t *testing.T, s *server) *client {
	t.Helper()
	script := filepath.Join(root, "backend", "e2e", "testdata", "bridge.mjs")
	return startClient(t, "node", exampletest.Node(t.Context(), t, script, exampletest.Dir(t, "node"), s.url("")).Args...)
}

// startPython starts the synchronous client of python-socketio, beside the examples' one.
func startPython(t *testing.T, s *server) *client {
	t.Helper()
	script := filepath.Join(root, "backend", "e2e", "testdata", "bridge.py")
	clients := filepath.Join(root, "backend", "server", "stream", "testdata", "clients")
	return startClient(t, "python", exampletest.PythonIn(t.Context(), t, clients, script, s.url("")).Args...)
}
