package publicnet

import (
	"crypto/tls"
	"net/http"
	"testing"
)

// TestNothingStandsBetween: with a proxy its address would be dialled in the place of the one that is checked.
func TestNothingStandsBetween(t *testing.T) {
	w := NewWeb(Options{Dialer: NewDialer(""), Connections: 1, Trust: &tls.Config{MinVersion: tls.VersionTLS12}})
	defer w.Close()
	if transport, ok := w.client.Transport.(*http.Transport); !ok || transport.Proxy != nil || w.client.Jar != nil {
		t.Error("there is a proxy, or a cookie jar")
	}
}
