package metadata

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"spinscope/backend/publicnet"
)

// internet is a TLS server that names resolve to, as if it stood at a public address.
type internet struct {
	server *httptest.Server
	web    *publicnet.Web
	dials  atomic.Int32
}

func newInternet(t *testing.T, gatewayURL string, limit time.Duration, handler http.HandlerFunc) *internet {
	t.Helper()
	n := &internet{server: httptest.NewTLSServer(handler)}
	t.Cleanup(n.server.Close)
	g, err := newGateway(gatewayURL)
	if err != nil {
		t.Fatal(err)
	}

	d := publicnet.NewDialer(g.at)
	d.Resolve = func(_ context.Context, host string) ([]netip.Addr, error) {
		switch host {
		case "example.com", "www.example.com":
			return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
		case "inside.example.com":
			return []netip.Addr{netip.MustParseAddr("10.1.2.3")}, nil
		}
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	d.Connect = func(ctx context.Context, network, address string, checked bool) (net.Conn, error) {
		n.dials.Add(1)
		if checked {
			address = n.server.Listener.Addr().String() // the stand-in for 93.184.216.34
		}
		return publicnet.Connect(ctx, network, address, false)
	}

	trusted := x509.NewCertPool()
	trusted.AddCert(n.server.Certificate())
	n.web = newWeb(g, d, limit, &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: trusted})
	t.Cleanup(n.web.Close)
	return n
}

func (n *internet) get(t *testing.T, text string) (string, error) {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	body, err := n.web.Fetch(t.Context(), u, acceptDocument, 1000)
	return string(body), err
}

func TestFetch(t *testing.T) {
	var inside atomic.Int32
	secret := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inside.Add(1) }))
	defer secret.Close()

	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ipfs/away":
			http.Redirect(w, r, "https://example.com/ok", http.StatusFound)
		case "/ipfs/inside":
			http.Redirect(w, r, secret.URL+"/", http.StatusFound)
		default:
			_, _ = io.WriteString(w, "gateway")
		}
	}))
	defer gateway.Close()

	n := newInternet(t, gateway.URL, time.Minute, func(w http.ResponseWriter, r *http.Request) {
		if r.UserAgent() != publicnet.UserAgent || r.Header.Get("Cookie") != "" || r.Header.Get("Referer") != "" || r.Header.Get("Authorization") != "" {
			t.Errorf("%s: headers %v", r.URL, r.Header)
		}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		var hops int
		if _, err := fmt.Sscanf(r.URL.Path, "/hop/%d", &hops); err == nil {
			if hops > 0 {
				http.Redirect(w, r, fmt.Sprintf("https://www.example.com/hop/%d", hops-1), http.StatusFound)
				return
			}
			_, _ = io.WriteString(w, "arrived")
			return
		}

		switch r.URL.Path {
		case "/ok":
			_, _ = io.WriteString(w, "ok")
		case "/to":
			http.Redirect(w, r, r.URL.Query().Get("u"), http.StatusTemporaryRedirect)
		case "/full":
			_, _ = io.WriteString(w, strings.Repeat("x", 1000))
		case "/long":
			w.Header().Set("Content-Length", "1001")
			_, _ = io.WriteString(w, strings.Repeat("x", 1001))
		case "/endless", "/bomb":
			for range 100 {
				_, _ = io.WriteString(w, strings.Repeat("x", 100))
				w.(http.Flusher).Flush()
			}
		case "/busy":
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		case "/forever":
			w.Header().Set("Retry-After", "99999999999")
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/down":
			w.WriteHeader(http.StatusBadGateway)
		default:
			http.NotFound(w, r)
		}
	})
	to := func(target string) string { return "https://example.com/to?u=" + url.QueryEscape(target) }
	for _, test := range []struct {
		url, want string
		err       error
		again     bool
		after     time.Duration
	}{
		{url: "https://example.com/ok", want: "ok"},
		{url: gateway.URL + "/ipfs/x", want: "gateway"},
		{url: gateway.URL + "/ipfs/away", want: "ok"},
		{url: to(gateway.URL + "/ipfs/x"), want: "gateway"},
		{url: "https://example.com/full", want: strings.Repeat("x", 1000)},
		{url: "https://example.com/hop/3", want: "arrived"},
		{url: "https://example.com/hop/4", err: publicnet.ErrRedirect},
		{url: "https://example.com/long", err: publicnet.ErrTooLarge},
		{url: "https://example.com/endless", err: publicnet.ErrTooLarge},
		{url: "https://inside.example.com/", err: publicnet.ErrRefused},
		{url: secret.URL, err: publicnet.ErrRefused},
		{url: to("https://inside.example.com/"), err: publicnet.ErrRefused},
		{url: to("https://127.0.0.1/"), err: publicnet.ErrRefused},
		{url: to("https://[::ffff:10.0.0.1]/"), err: publicnet.ErrRefused},
		{url: to("https://169.254.169.254/latest/meta-data"), err: publicnet.ErrRefused},
		{url: to(strings.Replace(gateway.URL, "http:", "https:", 1) + "1/"), err: publicnet.ErrRefused}, // another port
		{url: to(secret.URL), err: ErrURI},
		{url: to("http://example.com/"), err: ErrURI},
		{url: to("file:///etc/passwd"), err: ErrURI},
		{url: gateway.URL + "/ipfs/inside", err: ErrURI},
		{url: to(gateway.URL + "/api/v0/shutdown"), err: ErrURI},
		{url: to(gateway.URL + "/ipfs/%2e%2e/api/v0/shutdown"), err: ErrURI},
		{url: "https://example.com/none", err: &publicnet.StatusError{Code: 404}},
		{url: "https://example.com/busy", err: &publicnet.StatusError{Code: 429}, again: true, after: 7 * time.Second},
		{url: "https://example.com/forever", err: &publicnet.StatusError{Code: 503}, again: true, after: publicnet.LongestAfter},
		{url: "https://example.com/down", err: &publicnet.StatusError{Code: 502}, again: true},
		{url: "https://nowhere.test/", err: &net.DNSError{}},
	} {
		got, err := n.get(t, test.url)
		if got != test.want || (err != nil) != (test.err != nil) {
			t.Errorf("%s: %.30q, %v", test.url, got, err)
			continue
		}
		if err == nil {
			continue
		}

		if again, after := passing(err); again != test.again || after != test.after {
			t.Errorf("%s: %v: again %v after %v", test.url, err, again, after)
		}
		switch want := test.err.(type) { //nolint:errorlint // which kind is expected
		case *publicnet.StatusError:
			if status, ok := errors.AsType[*publicnet.StatusError](err); !ok || status.Code != want.Code {
				t.Errorf("%s: %v, want %v", test.url, err, want)
			}
		case *net.DNSError:
		default:
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", test.url, err, want)
			}
		}
	}

	if inside.Load() != 0 {
		t.Errorf("%d requests reached a private address", inside.Load())
	}
}

// A server that accepts and says nothing, or never comes to an end, costs the time limit and no more.
func TestSlowServers(t *testing.T) {
	for name, body := range map[string]bool{"silent": false, "dripping": true} {
		n := newInternet(t, "https://gateway.test/", 30*time.Millisecond, func(w http.ResponseWriter, r *http.Request) {
			if body {
				w.WriteHeader(http.StatusOK)
				w.(http.Flusher).Flush()
			}
			<-r.Context().Done()
			panic(http.ErrAbortHandler) // an answer, even now, might be in time
		})
		_, err := n.get(t, "https://example.com/")
		if again, _ := passing(err); !errors.Is(err, context.DeadlineExceeded) || !again {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestErrorsDoNotTellTheGatewaysKey(t *testing.T) {
	n := newInternet(t, "http://127.0.0.1:1/ipfs/?key=hunter2", time.Second, nil)
	_, err := n.get(t, "http://127.0.0.1:1/ipfs/x?key=hunter2")
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
}
