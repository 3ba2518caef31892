package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// Client is a small Socket.IO client (protocol 5 over Engine.IO 4) of one namespace, by WebSocket. It takes text events
// and asks for no acknowledgements. Emit may be called while Next waits; Next by one goroutine at a time.
type Client struct {
	ws        *websocket.Conn
	namespace string
	patience  time.Duration // how long the server may say nothing before it counts as gone
}

// Refused is what the server says when it does not let the client into the namespace, which Dial returns, and in its
// "error" events.
type Refused struct {
	Message string `json:"message"`
}

// Error returns what the server said.
func (r *Refused) Error() string { return "refused: " + r.Message }

// ErrURL is returned by Dial for an address that is none of a server.
var ErrURL = errors.New("an address such as http://127.0.0.1:5051 is needed")

// ErrEnded is returned by Next when the server has disconnected the client.
var ErrEnded = errors.New("the server ended the connection")

const maxMessage = 16 << 20 // bytes

// Dial connects to server, an http or https address, and joins the namespace. auth is what the server gets to decide by.
func Dial(ctx context.Context, server, namespace string, auth any) (*Client, error) {
	address, err := url.Parse(server)
	if err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https" {
		return nil, ErrURL
	}

	address.Scheme = strings.Replace(address.Scheme, "http", "ws", 1)
	address.Path, address.RawQuery = "/socket.io/", "EIO=4&transport=websocket"
	opening, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()

	ws, answer, err := websocket.Dial(opening, address.String(), nil) //nolint:bodyclose // the library closes it
	if err != nil {
		return nil, fmt.Errorf("cannot connect: %w", reason(answer, err))
	}

	ws.SetReadLimit(maxMessage)
	c := &Client{ws: ws, namespace: namespace, patience: 20 * time.Second}
	if err := c.join(opening, auth); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// reason is why no WebSocket came about: what the server answered, else what the network says.
func reason(answer *http.Response, err error) error {
	if answer != nil && answer.StatusCode != http.StatusSwitchingProtocols {
		return errors.New("the answer is " + answer.Status)
	}
	var network *net.OpError
	if errors.As(err, &network) {
		return network
	}
	return err
}

// join reads OPEN, sends CONNECT and reads the answer.
func (c *Client) join(ctx context.Context, auth any) error {
	open, err := c.packet(ctx)
	if err != nil {
		return err
	}

	var hello struct{ PingInterval, PingTimeout int } // milliseconds
	if open[0] != '0' || json.Unmarshal([]byte(open[1:]), &hello) != nil {
		return fmt.Errorf("unexpected opening %.40q", open)
	}

	c.patience = time.Duration(hello.PingInterval+hello.PingTimeout) * time.Millisecond
	text, err := json.Marshal(auth)
	if err != nil {
		return err
	}
	if err := c.write(ctx, "40"+c.namespace+","+string(text)); err != nil {
		return err
	}

	answer, err := c.packet(ctx)
	if err != nil {
		return err
	}
	if text, no := strings.CutPrefix(answer, "44"+c.namespace+","); no {
		refused := &Refused{}
		if err := json.Unmarshal([]byte(text), refused); err != nil {
			return err
		}
		return refused
	}

	if !strings.HasPrefix(answer, "40"+c.namespace+",") {
		return fmt.Errorf("unexpected answer %.40q", answer)
	}
	return nil
}

// Emit sends an event with one argument.
func (c *Client) Emit(ctx context.Context, event string, payload any) error {
	text, err := json.Marshal([]any{event, payload})
	if err != nil {
		return err
	}
	return c.write(ctx, "42"+c.namespace+","+string(text))
}

// Next waits for the next event and returns its name and first argument.
func (c *Client) Next(ctx context.Context) (event string, payload json.RawMessage, err error) {
	for {
		text, err := c.packet(ctx)
		if err != nil {
			return "", nil, err
		}
		if strings.HasPrefix(text, "41"+c.namespace) {
			return "", nil, ErrEnded
		}

		text, ok := strings.CutPrefix(text, "42"+c.namespace+",")
		if !ok {
			continue
		}

		var parts []json.RawMessage
		if err := json.Unmarshal([]byte(text), &parts); err != nil || len(parts) == 0 {
			return "", nil, fmt.Errorf("unexpected event %.40q", text)
		}
		if err := json.Unmarshal(parts[0], &event); err != nil {
			return "", nil, err
		}

		if len(parts) > 1 {
			payload = parts[1]
		}
		return event, payload, nil
	}
}

// packet reads the next Engine.IO packet, answering heartbeats.
func (c *Client) packet(ctx context.Context) (string, error) {
	for {
		waiting, cancel := context.WithTimeout(ctx, c.patience)
		_, text, err := c.ws.Read(waiting)
		cancel()
		switch {
		case err != nil:
			return "", err
		case len(text) == 0:
			continue
		case string(text) == "2":
			if err := c.write(ctx, "3"); err != nil {
				return "", err
			}
		default:
			return string(text), nil
		}
	}
}

func (c *Client) write(ctx context.Context, text string) error {
	writing, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	return c.ws.Write(writing, websocket.MessageText, []byte(text))
}

// Close leaves.
func (c *Client) Close() { _ = c.ws.CloseNow() }
