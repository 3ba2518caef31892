package stream

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"spinscope/backend/wire"
)

// docs/protocol.md names every request, and every member of what is sent.
func TestProtocolIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	says := func(word string) bool {
		return regexp.MustCompile(`\b` + regexp.QuoteMeta(word) + `\b`).Match(text)
	}
	for _, space := range spaces() {
		for request := range space.handlers {
			if !says(request) {
				t.Errorf("%s: request %s is not documented", space.name, request)
			}
		}
	}

	for _, payload := range []any{
		wire.ConnectionSuccess{},
		wire.SpinConnectionSuccess{},
		wire.SubscriptionConfirmed{},
		wire.HistoryData{},
		wire.Candle{},
		wire.KlineData{},
		wire.PriceUpdate{},
		wire.EventData{},
		wire.Stamps{},
		wire.StreamGap{},
		wire.StreamError{},
		wire.WatchStatus{},
		wire.Alert{},
	} {
		kind := reflect.TypeOf(payload)
		for field := range kind.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name != "" && !says(name) {
				t.Errorf("%s: %s is not documented", kind, name)
			}
		}
	}
}
