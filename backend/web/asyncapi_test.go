package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"spinscope/backend/server/rest"
	"spinscope/backend/server/stream"
)

// TestAsyncAPIDescribesEveryMessage: each is in the channels where it is known, sent or received as it is, with a payload that is
// described to the last reference.
func TestAsyncAPIDescribesEveryMessage(t *testing.T) {
	api := rest.New(rest.Deps{Messages: messages(), Version: "test"})
	recorder := httptest.NewRecorder()
	api.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api-docs/asyncapi.json", nil))
	var doc struct {
		AsyncAPI string `json:"asyncapi"`
		Info     struct{ Version string }
		Channels map[string]struct {
			Address  string
			Messages map[string]struct {
				Ref string `json:"$ref"`
			}
		}
		Operations map[string]struct {
			Action   string
			Messages []struct {
				Ref string `json:"$ref"`
			}
		}
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Type any }
			}
			Messages map[string]struct {
				Name    string
				Payload map[string]any
			}
		}
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &doc); err != nil || recorder.Code != http.StatusOK {
		t.Fatal(recorder.Code, err)
	}
	if doc.AsyncAPI != "3.0.0" || doc.Info.Version != "test" {
		t.Error(doc.AsyncAPI, doc.Info)
	}
	if kind := recorder.Header().Get("Content-Type"); !strings.Contains(kind, "asyncapi+json") {
		t.Error(kind)
	}

	acts := map[string]string{}
	for name, operation := range doc.Operations {
		for _, message := range operation.Messages {
			if acts[message.Ref] != "" {
				t.Errorf("%s: %s is in two operations", name, message.Ref)
			}
			acts[message.Ref] = operation.Action
		}
	}

	channels := map[string][]string{"/ws/kline": {"ws_kline", "ws", "sse"}, "/kline": {"kline"}, "/ws": {"ws"}}
	want := 0
	for _, m := range stream.Messages() {
		for _, space := range m.Spaces {
			for _, channel := range channels[space] {
				if channel == "sse" && (m.Request || m.Name == "pong") {
					continue
				}
				want++
				action := "send"
				if m.Request {
					action = "receive"
				}
				if got := acts["#/channels/"+channel+"/messages/"+m.Name]; got != action {
					t.Errorf("%s of %s: action %q, want %q", m.Name, channel, got, action)
				}
				id, _ := strings.CutPrefix(doc.Channels[channel].Messages[m.Name].Ref, "#/components/messages/")
				described := doc.Components.Messages[id]
				if described.Name != m.Name || len(described.Payload) == 0 {
					t.Errorf("%s of %s: %+v", m.Name, channel, described)
				}
			}
		}
	}
	if len(acts) != want || len(doc.Components.Messages) != want {
		t.Errorf("%d in operations, %d described, want %d", len(acts), len(doc.Components.Messages), want)
	}

	if window := doc.Components.Schemas["Ticker"].Properties["h24"].Type; !reflect.DeepEqual(window, []any{"object", "null"}) {
		t.Errorf("a window that cannot be told is null, and described as %v", window)
	}

	var plain any
	if err := json.Unmarshal(recorder.Body.Bytes(), &plain); err != nil {
		t.Fatal(err)
	}
	if count := references(t, plain, plain); count < want {
		t.Errorf("only %d references", count)
	}
}

// references follows every reference in node, and fails where one leads nowhere, or a discriminator is not AsyncAPI's.
func references(t *testing.T, doc, node any) (count int) {
	t.Helper()
	switch node := node.(type) {
	case map[string]any:
		if reference, ok := node["$ref"].(string); ok {
			count++
			target := doc
			for part := range strings.SplitSeq(strings.TrimPrefix(reference, "#/"), "/") {
				target = target.(map[string]any)[part]
				if target == nil {
					t.Fatalf("%s leads nowhere", reference)
				}
			}
		}
		if node["additionalProperties"] == false {
			t.Error("a shape that takes nothing more")
		}
		if d, ok := node["discriminator"]; ok && d != "event_type" {
			t.Errorf("discriminator %v", d)
		}
		for _, child := range node {
			count += references(t, doc, child)
		}
	case []any:
		for _, child := range node {
			count += references(t, doc, child)
		}
	}
	return count
}
