package solana

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
)

// ErrEndpoint is returned for an address that is not an absolute http(s) or ws(s) URL with a host.
var ErrEndpoint = errors.New("not an absolute URL")

// Endpoint is one cluster access point: a JSON-RPC address (http or https) and a PubSub address (ws or wss). It prints
// redacted in every form; the fields hold the secrets.
type Endpoint struct {
	RPC, WS string
}

// String is scheme and host of the RPC address; path, query and user info are cut off.
func (e Endpoint) String() string { return Redact(e.RPC) }

// GoString implements fmt.GoStringer, so that %#v is redacted too.
func (e Endpoint) GoString() string { return "solana.Endpoint{" + e.String() + "}" }

// MarshalText implements encoding.TextMarshaler, so that JSON logs are redacted too.
func (e Endpoint) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// LogValue implements slog.LogValuer.
func (e Endpoint) LogValue() slog.Value { return slog.StringValue(e.String()) }

func (e Endpoint) check() error {
	if err := checkURL(e.RPC, "http", "https"); err != nil {
		return fmt.Errorf("rpc address: %w", err)
	}
	if err := checkURL(e.WS, "ws", "wss"); err != nil {
		return fmt.Errorf("websocket address: %w", err)
	}
	return nil
}

func checkURL(address string, schemes ...string) error {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return fmt.Errorf("%w: %s", ErrEndpoint, Redact(address))
	}
	if slices.Contains(schemes, parsed.Scheme) {
		return nil
	}
	return fmt.Errorf("%w with scheme %s: %s", ErrEndpoint, strings.Join(schemes, " or "), Redact(address))
}
