package guard

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// ErrHost is returned for a Host header that names none of this server's hosts.
var ErrHost = errors.New("host is not one of this server's: add it to server.allowed_hosts")

// ErrOrigin is returned for a browser page that may not use this server.
var ErrOrigin = errors.New("origin is not allowed: add it to cors.allow_origins")

// ErrOwnPageOnly is returned for a stream client that is not this server's page or the app, while websocket.enabled is
// false.
var ErrOwnPageOnly = errors.New("websocket.enabled is false: only the server's own page may connect")

// appOrigins are the origins of the desktop app's page.
var appOrigins = []string{"wails://wails", "http://wails.localhost"}

// Config says who may pass.
type Config struct {
	Listen       string       // HOST:PORT or HOST listened on; an unspecified host (0.0.0.0) takes any IP address as Host
	AllowedHosts []string     // further Host names, with or without port
	AllowOrigins []string     // further origins; "*" takes all but "null"
	CORS         bool         // send CORS headers to origins that pass
	Token        string       // "" needs none
	OwnPageOnly  bool         // Allow takes only the own page and the app
	Logger       *slog.Logger // told of each host and origin that is refused, once; nil for nobody
}

// Guard checks requests. Make one with New.
type Guard struct {
	hosts      map[string]bool
	anyIP      bool
	origins    []string
	anyOrigin  bool
	cors       bool
	ownOnly    bool
	needsToken bool
	tokenHash  [32]byte
	log        *slog.Logger
	mu         sync.Mutex
	logged     map[string]bool // what of refused requests was logged
}

// maxLogged bounds what is remembered, and logged, of refused requests: a page can make up names without end.
const maxLogged = 64

// New returns a guard for cfg. An allowed origin that is no origin is an error that names it.
func New(cfg Config) (*Guard, error) {
	g := &Guard{
		hosts:   map[string]bool{"localhost": true},
		origins: slices.Clone(appOrigins),
		cors:    cfg.CORS,
		ownOnly: cfg.OwnPageOnly,
		log:     cfg.Logger,
		logged:  map[string]bool{},
	}
	g.setToken(cfg.Token)

	listen := hostOnly(cfg.Listen)
	switch ip, err := netip.ParseAddr(listen); {
	case listen == "" || err == nil && ip.IsUnspecified():
		g.anyIP = true
	default:
		g.hosts[listen] = true
	}

	for _, host := range cfg.AllowedHosts {
		if name := hostOnly(host); name != "" {
			g.hosts[name] = true
		}
	}

	for _, origin := range cfg.AllowOrigins {
		if origin == "*" {
			g.anyOrigin = true
			continue
		}
		normal, ok := normalOrigin(origin)
		if !ok {
			return nil, fmt.Errorf("allowed origin %q: not of the form scheme://host[:port]", origin)
		}
		g.origins = append(g.origins, normal)
	}

	return g, nil
}

// Check returns nil when r's Host and Origin may pass, else an error that wraps ErrHost or ErrOrigin.
func (g *Guard) Check(r *http.Request) error {
	if !g.hostAllowed(r) {
		return g.refused(r, fmt.Errorf("%.100q: %w", r.Host, ErrHost))
	}
	if origins := r.Header.Values("Origin"); len(origins) > 0 && !g.originAllowed(r, origins) {
		return g.refused(r, fmt.Errorf("%.100q: %w", origins[0], ErrOrigin))
	}
	return nil
}

// refused logs err, which the page of a refused origin never gets to read, when it is new.
func (g *Guard) refused(r *http.Request, err error) error {
	if g.log == nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if text := err.Error(); !g.logged[text] && len(g.logged) < maxLogged {
		g.logged[text] = true
		g.log.Warn("request refused", "component", "server", "client", r.RemoteAddr, "err", err)
	}
	return err
}

// Allow is Check for requests of the stream's transports; it also honours Config.OwnPageOnly.
func (g *Guard) Allow(r *http.Request) error {
	if err := g.Check(r); err != nil {
		return err
	}
	if g.ownOnly && !g.ownPage(r) {
		return g.refused(r, ErrOwnPageOnly)
	}
	return nil
}

// hostAllowed reports whether r was sent to a name of this server. A page that an attacker's name was rebound to sends
// that name; an IP address cannot be rebound.
func (g *Guard) hostAllowed(r *http.Request) bool {
	host := hostOnly(r.Host)
	if g.hosts[host] {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	if ip = ip.Unmap(); ip.IsLoopback() || g.anyIP {
		return true
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && local.AddrPort().Addr().Unmap() == ip
}

func (g *Guard) originAllowed(r *http.Request, origins []string) bool {
	if len(origins) != 1 {
		return false
	}
	origin, ok := normalOrigin(origins[0])
	if !ok {
		return false
	}
	return g.anyOrigin || slices.Contains(g.origins, origin) || sameHost(origin, r.Host)
}

// ownPage reports whether r comes from the page that this server or the app shows.
func (g *Guard) ownPage(r *http.Request) bool {
	origin, ok := normalOrigin(r.Header.Get("Origin"))
	return ok && (slices.Contains(appOrigins, origin) || sameHost(origin, r.Host))
}

// sameHost reports whether a page of origin was loaded from host. https counts too: a proxy may hold the certificate.
func sameHost(origin, host string) bool {
	for _, scheme := range []string{"http", "https"} {
		if own, ok := normalOrigin(scheme + "://" + host); ok && own == origin {
			return true
		}
	}
	return false
}

// normalOrigin is origin in lower case without a default port; false for anything but scheme://host[:port].
func normalOrigin(origin string) (string, bool) {
	if len(origin) > 300 {
		return "", false
	}
	u, err := url.Parse(strings.ToLower(origin))
	if err != nil || u.Scheme == "" || u.Hostname() == "" || u.User != nil || u.Opaque != "" ||
		u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(origin, "#") {
		return "", false
	}
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && (u.Scheme != "http" || port != "80") && (u.Scheme != "https" || port != "443") {
		host += ":" + port
	}
	return u.Scheme + "://" + host, true
}

// hostOnly is a Host header's or an address's host: lower case, without port, brackets and final dot.
func hostOnly(host string) string {
	host = strings.ToLower(strings.TrimSpace(host))
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		host = host[1 : len(host)-1]
	}
	return strings.TrimSuffix(host, ".")
}
