package rest

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"spinscope/backend/wire"
)

// Message is a request that clients of the stream may send, or what is sent to them.
type Message struct {
	Name, Doc string
	Request   bool
	Spaces    []string     // the namespaces of Socket.IO where it is known
	Payload   reflect.Type // nil: none
}

// fullSpace is the namespace whose language is spoken without Socket.IO too, and plainSpace where a plain WebSocket speaks it.
const (
	fullSpace  = "/ws/kline"
	plainSpace = "/ws"
)

// schemaRegistry is a registry that knows how the wire's own types are written.
func schemaRegistry() huma.Registry {
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	schemas.RegisterTypeAlias(reflect.TypeFor[wire.Event](), reflect.TypeFor[eventSchema]())
	schemas.RegisterTypeAlias(reflect.TypeFor[wire.Amount](), reflect.TypeFor[amountSchema]())
	schemas.RegisterTypeAlias(reflect.TypeFor[wire.Sum](), reflect.TypeFor[amountSchema]())
	schemas.RegisterTypeAlias(reflect.TypeFor[wire.Signed](), reflect.TypeFor[signedSchema]())
	schemas.RegisterTypeAlias(reflect.TypeFor[wire.Balance](), reflect.TypeFor[signedSchema]())
	return schemas
}

type object = map[string]any

func ref(path ...string) object { return object{"$ref": "#/" + strings.Join(path, "/")} }

// asyncAPI describes the stream, AsyncAPI 3.0: the server receives requests and sends the rest.
func asyncAPI(messages []Message, version string) ([]byte, error) {
	schemas := schemaRegistry()
	described, channels, operations := object{}, object{}, object{}

	channel := func(name, address, description string, knows func(*Message) bool, wrap string) {
		known, requests, pushes := object{}, []any{}, []any{}
		for i := range messages {
			m := &messages[i]
			if !knows(m) {
				continue
			}
			id := name + "_" + m.Name
			described[id] = describeMessage(schemas, m, wrap)
			known[m.Name] = ref("components", "messages", id)
			one := ref("channels", name, "messages", m.Name)
			if m.Request {
				requests = append(requests, one)
			} else {
				pushes = append(pushes, one)
			}
		}

		channels[name] = object{"address": address, "description": description, "messages": known}
		if len(requests) > 0 {
			operations[name+"_requests"] = object{"action": "receive", "channel": ref("channels", name), "messages": requests, "summary": "What clients ask for"}
		}
		operations[name+"_pushes"] = object{"action": "send", "channel": ref("channels", name), "messages": pushes, "summary": "Answers and pushes"}
	}
	in := func(space string) func(*Message) bool {
		return func(m *Message) bool { return slices.Contains(m.Spaces, space) }
	}
	pushed := func(m *Message) bool { return in(fullSpace)(m) && !m.Request && m.Name != "pong" }
	channel("ws_kline", "/socket.io/", "Socket.IO 5, namespace "+fullSpace+": the name of a message is its event, the payload its one argument. A request may be acknowledged.", in(fullSpace), "")
	channel("kline", "/socket.io/", "Socket.IO 5, namespace /kline, the language of spin-server.", in("/kline"), "")
	channel("ws", plainSpace, "A plain WebSocket: one JSON object a message.", func(m *Message) bool { return in(fullSpace)(m) || in(plainSpace)(m) }, "event")
	channel("sse", "/sse", "Server-sent events: the name of a message is its event, the payload its data. Topics are in the query.", pushed, "")

	nullable(schemas)
	document := object{
		"asyncapi": "3.0.0",
		"info": object{
			"title": "Spinscope stream", "version": version,
			"description": "Candles, prices, events, rankings and alerts as they happen. docs/protocol.md says in which order, and how to go on after a lost connection.",
		},
		"defaultContentType": "application/json",
		"channels":           channels,
		"operations":         operations,
		"components": object{
			"messages": described, "schemas": schemas.Map(),
			"securitySchemes": object{"token": object{"type": "http", "scheme": "bearer", "description": "Only where server.token is set"}},
		},
	}
	return finished(document)
}

// describeMessage is a message with its payload, or with an object that names the message beside it.
func describeMessage(schemas huma.Registry, m *Message, wrap string) object {
	payload := any(object{"type": "null"})
	if m.Payload != nil {
		payload = schemas.Schema(m.Payload, true, m.Name)
	}
	if wrap != "" {
		properties := object{wrap: object{"const": m.Name}, "data": payload}
		if m.Request || m.Name == "ack" {
			properties["id"] = object{"type": []string{"string", "number"}, "description": "Has the request acknowledged, by an ack that has it too"}
		}
		payload = object{"type": "object", "properties": properties, "required": []string{wrap}}
	}
	return object{"name": m.Name, "summary": m.Doc, "payload": payload}
}

// finished writes the document as AsyncAPI has it where OpenAPI differs: a discriminator is a field's name alone. That a shape has no
// further fields is said of none: what is pushed flat, as token_created is, has more than its event.
func finished(document object) ([]byte, error) {
	text, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		return nil, err
	}

	var walk func(any)
	walk = func(node any) {
		switch node := node.(type) {
		case object:
			if d, ok := node["discriminator"].(object); ok {
				node["discriminator"] = d["propertyName"]
			}
			if node["additionalProperties"] == false {
				delete(node, "additionalProperties")
			}
			for child := range maps.Values(node) {
				walk(child)
			}
		case []any:
			for _, child := range node {
				walk(child)
			}
		}
	}
	walk(plain)
	return json.Marshal(plain)
}

// asyncAPIPath is where the description of the stream is, beside that of the routes.
const asyncAPIPath = "/api-docs/asyncapi.json"

// asyncAPIRoute serves the description of the stream; there is none where nobody says what its messages are. It is made when it
// is first asked for: few ever do, and the start need not wait for it.
func (a *API) asyncAPIRoute() {
	if len(a.deps.Messages) == 0 {
		return
	}
	text := sync.OnceValue(func() []byte {
		text, err := asyncAPI(a.deps.Messages, a.deps.Version)
		if err != nil {
			panic(err) // types of our own always encode
		}
		return text
	})

	a.methods[asyncAPIPath] = []string{http.MethodGet, http.MethodHead}
	a.mux.HandleFunc("GET "+asyncAPIPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.aai.asyncapi+json;version=3.0.0")
		_, _ = w.Write(text()) // the client is gone if it fails
	})
}
