package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// ErrTunnel is returned when a proxy does not connect to where it is asked to.
var ErrTunnel = errors.New("the proxy makes no connection")

// maxHead is how much a proxy may answer to the request for a tunnel, bytes.
const maxHead = 64 << 10

// Sockets is a transport for the handshake of a WebSocket at address, a ws or wss URL. Through a proxy both go in a
// tunnel (CONNECT), as proxies do not pass on the change of protocol that ws asks for. It keeps no connections.
func Sockets(address string) (*http.Transport, error) {
	target, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the WebSocket address is no URL") // the parser's error would quote it
	}

	asHTTP := *target
	asHTTP.Scheme = map[string]string{"ws": "http", "wss": "https"}[target.Scheme]
	through, err := chooser()(&asHTTP)
	if err != nil {
		return nil, fmt.Errorf("choose a proxy: %w", err)
	}

	transport := &http.Transport{DisableKeepAlives: true}
	switch {
	case through == nil:
	case asHTTP.Scheme == "http" && (through.Scheme == "http" || through.Scheme == "https"):
		transport.DialContext = func(ctx context.Context, _, address string) (net.Conn, error) {
			return tunnel(ctx, through, address)
		}
	default: // the transport makes tunnels for TLS, and SOCKS has nothing else
		transport.Proxy = http.ProxyURL(through)
	}

	return transport, nil
}

// tunnel connects to address, HOST:PORT, through an HTTP proxy. ctx bounds that only.
func tunnel(ctx context.Context, through *url.URL, address string) (net.Conn, error) {
	conn, err := dial(ctx, through)
	if err != nil {
		return nil, fmt.Errorf("proxy %s: %w", through.Host, err)
	}
	interrupt := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	if err = connect(conn, through, address); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("proxy %s: %w", through.Host, errors.Join(ctx.Err(), err))
	}
	if !interrupt() { // the deadline stays set
		_ = conn.Close()
		return nil, context.Cause(ctx)
	}
	return conn, nil
}

// dial connects to the proxy itself.
func dial(ctx context.Context, through *url.URL) (net.Conn, error) {
	port := through.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[through.Scheme]
	}
	place := net.JoinHostPort(through.Hostname(), port)
	if through.Scheme == "https" {
		var d tls.Dialer
		return d.DialContext(ctx, "tcp", place)
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", place)
}

// connect asks the proxy for a connection to address.
func connect(conn net.Conn, through *url.URL, address string) error {
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if user := through.User; user != nil {
		password, _ := user.Password()
		request.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}

	if err := request.Write(conn); err != nil {
		return err
	}

	reader := bufio.NewReader(io.LimitReader(conn, maxHead))
	response, err := http.ReadResponse(reader, request)
	if err != nil {
		return err
	}

	defer response.Body.Close() //nolint:errcheck // nothing of it is used
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%w to %s: it answers %d %s", ErrTunnel, address, response.StatusCode, http.StatusText(response.StatusCode))
	}
	if reader.Buffered() > 0 { // nobody speaks before the handshake
		return fmt.Errorf("%w to %s: something else answers", ErrTunnel, address)
	}

	return nil
}
