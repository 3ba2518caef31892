package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// inspector speaks WebKit's inspector protocol with the page. Not safe for concurrent use.
type inspector struct {
	address string
	conn    *websocket.Conn // nil when it is lost; then the next question opens another
	target  string          // the page, among what the webview has
	next    int
}

var socketPath = regexp.MustCompile(`socket/\d+/\d+/\w+`)

// message is one of the protocol; those for the page travel as text inside others.
type message struct {
	ID     int             `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// inspect connects to the page of the webview whose inspector is at the address.
func inspect(d *desk, address string) *inspector {
	d.t.Helper()
	i := &inspector{address: address}
	d.until("the page can be inspected", func() bool { return i.connect() == nil })
	d.t.Cleanup(i.close)
	return i
}

func (i *inspector) connect() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+i.address+"/", nil)
	if err != nil {
		return err
	}

	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}

	defer response.Body.Close()
	list, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}

	path := socketPath.Find(list)
	if path == nil {
		return errors.New("no page yet")
	}
	if i.conn, _, err = websocket.Dial(ctx, fmt.Sprintf("ws://%s/%s", i.address, path), nil); err != nil {
		return err
	}

	i.conn.SetReadLimit(32 << 20)
	for {
		var m message
		if err := wsjson.Read(ctx, i.conn, &m); err != nil {
			i.close()
			return err
		}

		var created struct {
			TargetInfo struct{ TargetID, Type string }
		}
		if m.Method == "Target.targetCreated" && json.Unmarshal(m.Params, &created) == nil && created.TargetInfo.Type == "page" {
			i.target = created.TargetInfo.TargetID
			return nil
		}
	}
}

func (i *inspector) close() {
	if i.conn != nil {
		_ = i.conn.CloseNow()
		i.conn = nil
	}
}

// eval runs an expression in the page and puts its value, as JSON, into result. A page that was just loaded anew never
// answers those who were connected to the old one.
func (i *inspector) eval(expression string, result any) error {
	if i.conn == nil {
		if err := i.connect(); err != nil {
			return fmt.Errorf("connect to the page again: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()

	i.next++
	inner, err := json.Marshal(map[string]any{
		"id": i.next, "method": "Runtime.evaluate",
		"params": map[string]any{"expression": "JSON.stringify(" + expression + ")", "returnByValue": true},
	})
	if err != nil {
		return err
	}

	err = wsjson.Write(ctx, i.conn, map[string]any{
		"id": i.next, "method": "Target.sendMessageToTarget",
		"params": map[string]string{"targetId": i.target, "message": string(inner)},
	})
	if err != nil {
		i.close()
		return fmt.Errorf("ask the page: %w", err)
	}

	for {
		answer, err := i.read(ctx)
		if err != nil {
			i.close() // a time limit ends the connection, and a page that is busy for so long is to be asked again
			return fmt.Errorf("answer of the page: %w", err)
		}
		if answer.ID == i.next {
			return value(answer, result)
		}
	}
}

// read returns the next message of the page.
func (i *inspector) read(ctx context.Context) (inner message, err error) {
	for {
		var outer message
		if err := wsjson.Read(ctx, i.conn, &outer); err != nil {
			return inner, err
		}
		if outer.Error != nil {
			return inner, errors.New(outer.Error.Message)
		}
		if outer.Method != "Target.dispatchMessageFromTarget" {
			continue
		}
		var params struct{ Message string }
		if err := json.Unmarshal(outer.Params, &params); err != nil {
			return inner, err
		}
		return inner, json.Unmarshal([]byte(params.Message), &inner)
	}
}

func value(answer message, result any) error {
	if answer.Error != nil {
		return errors.New(answer.Error.Message)
	}
	var evaluated struct {
		WasThrown bool
		Result    struct {
			Description string
			Value       any
		}
	}
	if err := json.Unmarshal(answer.Result, &evaluated); err != nil {
		return err
	}

	text, isText := evaluated.Result.Value.(string)
	if evaluated.WasThrown || !isText {
		return fmt.Errorf("the page says: %s", evaluated.Result.Description)
	}
	return json.Unmarshal([]byte(text), result)
}
