package release

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"aead.dev/minisign"

	"spinscope/backend/publicnet"
)

// publisher is a TLS server that the names of the tests resolve to, as if it stood at a public address.
type publisher struct {
	server *httptest.Server
	key    minisign.PrivateKey
	public string
	files  map[string]http.HandlerFunc // by path
	asked  atomic.Int32
}

func newPublisher(t *testing.T) *publisher {
	t.Helper()
	public, private, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &publisher{key: private, public: public.String(), files: map[string]http.HandlerFunc{}}
	p.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		for name := range r.Header {
			switch name {
			case "User-Agent", "Accept", "Accept-Encoding":
			default:
				t.Errorf("a request says %s: %s", name, r.Header.Get(name))
			}
		}
		if r.Method != http.MethodGet || r.ContentLength != 0 || r.UserAgent() != publicnet.UserAgent {
			t.Errorf("%s with %d bytes by %s", r.Method, r.ContentLength, r.UserAgent())
		}
		file := p.files[r.URL.Path]
		if file == nil {
			http.NotFound(w, r)
			return
		}
		file(w, r)
	}))
	t.Cleanup(p.server.Close)
	return p
}

func text(content string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, content) }
}

func to(url string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, url, http.StatusFound) }
}

// publish puts a signed file at a path.
func (p *publisher) publish(path, content string) {
	p.files[path] = text(content)
	p.files[path+extension] = text(string(minisign.Sign(p.key, []byte(content))))
}

func described(version string) string {
	return fmt.Sprintf(`{"name":"spinscope","version":%q,"page":"https://x.example/%s"}`, version, version)
}

// watcher asks the publisher, over real connections, for what runs as 0.1.0.
func (p *publisher) watcher(t *testing.T, o Options) *Watcher {
	t.Helper()
	if o.Version == "" {
		o.Version = "0.1.0 (commit abc, go1.26.0 linux/amd64)"
	}
	if o.Key == "" {
		o.Key = p.public
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	w, err := New(o)
	if err != nil {
		t.Fatal(err)
	}

	dialer := publicnet.NewDialer("")
	dialer.Resolve = func(_ context.Context, host string) ([]netip.Addr, error) {
		switch host {
		case "example.com", "www.example.com":
			return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
		case "inside.example.com":
			return []netip.Addr{netip.MustParseAddr("10.1.2.3")}, nil
		}
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	dialer.Connect = func(ctx context.Context, network, _ string, checked bool) (net.Conn, error) {
		if !checked {
			t.Error("an address is dialled unchecked")
		}
		return publicnet.Connect(ctx, network, p.server.Listener.Addr().String(), false) // the stand-in for 93.184.216.34
	}

	trusted := x509.NewCertPool()
	trusted.AddCert(p.server.Certificate())
	w.ask = (&web{dialer: dialer, trust: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: trusted}}).ask
	return w
}

func TestAsk(t *testing.T) {
	p, other := newPublisher(t), newPublisher(t)

	var inside atomic.Int32
	secret := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inside.Add(1) }))
	defer secret.Close()

	p.publish("/new.json", described("0.2.0"))
	p.publish("/old.json", described("0.0.9"))
	p.publish("/same.json", described("0.1.0"))
	p.publish("/rc.json", described("0.2.0-rc.1"))
	p.publish("/sums", "0000  spinscope.deb\n")
	p.publish("/full.json", described("0.2.0")+strings.Repeat(" ", maxDescription-len(described("0.2.0"))))
	p.publish("/large.json", described("0.2.0")+strings.Repeat(" ", maxDescription))
	p.files["/endless.json"] = func(w http.ResponseWriter, _ *http.Request) {
		for range 100 {
			_, _ = w.Write(bytes.Repeat([]byte(" "), 1000))
			w.(http.Flusher).Flush()
		}
	}
	p.files["/unsigned.json"] = text(described("0.2.0"))
	p.files["/changed.json"], p.files["/changed.json.minisig"] = text(described("0.3.0")), p.files["/new.json.minisig"]
	p.files["/forged.json"] = text(described("0.2.0"))
	p.files["/forged.json.minisig"] = text(string(minisign.Sign(other.key, []byte(described("0.2.0")))))
	p.files["/garbled.json"], p.files["/garbled.json.minisig"] = text(described("0.2.0")), text("untrusted comment: x\nAAAA\n")
	p.files["/bulky.json"], p.files["/bulky.json.minisig"] = text(described("0.2.0")), text(strings.Repeat("a", maxSignature+1))
	p.files["/down.json"] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }

	p.files["/moved.json"], p.files["/moved.json.minisig"] = to("https://www.example.com/new.json"), to("https://www.example.com/new.json.minisig")
	p.files["/inside.json"] = to("https://inside.example.com/new.json")
	p.files["/loopback.json"] = to(strings.Replace(secret.URL, "http:", "https:", 1) + "/new.json")
	p.files["/metadata.json"] = to("https://169.254.169.254/latest")
	p.files["/plain.json"] = to("http://example.com/new.json")
	p.files["/login.json"] = to("https://me:word@example.com/new.json")
	p.files["/circle.json"] = to("https://example.com/circle.json")
	p.files["/halfway.json"], p.files["/halfway.json.minisig"] = text(described("0.2.0")), to("https://inside.example.com/x")

	for _, test := range []struct {
		path, want string
		err        error
		newer      bool
	}{
		{path: "/new.json", want: "0.2.0", newer: true},
		{path: "/new.json?key=hunter2", want: "0.2.0", newer: true},
		{path: "/full.json", want: "0.2.0", newer: true},
		{path: "/moved.json", want: "0.2.0", newer: true},
		{path: "/old.json", want: "0.0.9"},
		{path: "/same.json", want: "0.1.0"},
		{path: "/rc.json", want: "0.2.0-rc.1"},

		{path: "/sums", err: ErrDescription},
		{path: "/changed.json", err: ErrSignature},
		{path: "/forged.json", err: ErrSignature},
		{path: "/garbled.json", err: ErrSignature},
		{path: "/unsigned.json", err: &publicnet.StatusError{Code: 404}},
		{path: "/none.json", err: &publicnet.StatusError{Code: 404}},
		{path: "/down.json", err: &publicnet.StatusError{Code: 502}},
		{path: "/large.json", err: publicnet.ErrTooLarge},
		{path: "/endless.json", err: publicnet.ErrTooLarge},
		{path: "/bulky.json", err: publicnet.ErrTooLarge},
		{path: "/inside.json", err: publicnet.ErrRefused},
		{path: "/loopback.json", err: publicnet.ErrRefused},
		{path: "/metadata.json", err: publicnet.ErrRefused},
		{path: "/halfway.json", err: publicnet.ErrRefused},
		{path: "/plain.json", err: ErrURL},
		{path: "/login.json", err: ErrURL},
		{path: "/circle.json", err: publicnet.ErrRedirect},
	} {
		var log bytes.Buffer
		w := p.watcher(t, Options{URL: "https://example.com" + test.path, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		offered, err := w.Ask(t.Context())
		w.note(t.Context(), offered, err)

		if offered.Version != test.want || !sameError(err, test.err) {
			t.Errorf("%s: %q, %v; want %q, %v", test.path, offered.Version, err, test.want, test.err)
		}
		found, ok := w.Newer()
		if ok != test.newer || ok && (found.Version != test.want || found.Page != "https://x.example/"+test.want) {
			t.Errorf("%s: newer %+v, %v", test.path, found, ok)
		}
		if lines := strings.Count(log.String(), "\n"); lines != 1 || strings.Contains(log.String(), "hunter2") || strings.Contains(log.String(), "level=ERROR") {
			t.Errorf("%s: the log says\n%s", test.path, log.String())
		}
		if warned := strings.Contains(log.String(), "level=WARN"); warned != (errors.Is(err, ErrSignature) || errors.Is(err, ErrDescription)) {
			t.Errorf("%s: the log says\n%s", test.path, log.String())
		}
	}

	if inside.Load() != 0 || other.asked.Load() != 0 {
		t.Error("a private address was reached")
	}
}

func sameError(got, want error) bool {
	if status, ok := errors.AsType[*publicnet.StatusError](want); ok {
		said, ok := errors.AsType[*publicnet.StatusError](got)
		return ok && said.Code == status.Code
	}
	return errors.Is(got, want)
}

// TestPrivateAddressIsNotAsked: also the operator's own address must be public.
func TestPrivateAddressIsNotAsked(t *testing.T) {
	p := newPublisher(t)
	for _, address := range []string{"https://inside.example.com/r.json", "https://127.0.0.1/r.json", p.server.URL + "/r.json"} {
		if _, err := p.watcher(t, Options{URL: address}).Ask(t.Context()); !errors.Is(err, publicnet.ErrRefused) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if p.asked.Load() != 0 {
		t.Error("a private address was reached")
	}
}

// TestOutageIsReportedWithoutTheAddress: an address may hold a key.
func TestOutageIsReportedWithoutTheAddress(t *testing.T) {
	p := newPublisher(t)
	_, err := p.watcher(t, Options{URL: "https://nowhere.example/r.json?key=hunter2"}).Ask(t.Context())
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
}

// TestFilesOfMinisign: files that the minisign program wrote are believed, and no others.
func TestFilesOfMinisign(t *testing.T) {
	read := func(name string) string {
		content, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	published := signed{Text: read("release.json"), Signature: read("release.json.minisig")}

	whole := read("key.pub")
	for _, written := range []string{whole, strings.Split(whole, "\n")[1]} {
		key, err := parseKey(written)
		if err != nil {
			t.Fatal(err)
		}
		if d, err := published.open(key); err != nil || d.Version != "0.2.0" {
			t.Errorf("%+v, %v", d, err)
		}

		// The comment that is signed too says which release it is.
		forged := signed{Text: published.Text, Signature: strings.Replace(published.Signature, "spinscope 0.2.0", "spinscope 0.3.0", 1)}
		if _, err := forged.open(key); forged == published || !errors.Is(err, ErrSignature) {
			t.Errorf("another comment: %v", err)
		}
	}

	for _, text := range []string{"", "RW", "untrusted comment: minisign public key\n", strings.ToLower(whole), published.Signature} {
		if err := CheckKey(text); !errors.Is(err, ErrKey) {
			t.Errorf("%.30q is a key: %v", text, err)
		}
	}
}
