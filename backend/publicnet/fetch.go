package publicnet

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Why an answer was not taken.
var (
	ErrTooLarge = errors.New("more bytes than are taken")
	ErrRedirect = errors.New("too many redirects")
	ErrURL      = errors.New("not an address that can be asked")
)

const (
	maxRedirects = 3
	maxHeader    = 64 << 10 // bytes
	httpsPort    = "443"
	httpPort     = "80"
)

// UserAgent is all that a request says of who asks.
const UserAgent = "Spinscope"

// LongestAfter is the longest StatusError.After; a Retry-After beyond it is cut.
const LongestAfter = time.Minute

// StatusError is an answer other than 200.
type StatusError struct {
	Code  int
	After time.Duration // Retry-After, 0 without, LongestAfter at most
}

func (e *StatusError) Error() string { return "HTTP status " + strconv.Itoa(e.Code) }

// Options are what a Web is made of.
type Options struct {
	Dialer      *Dialer
	Permit      func(*url.URL) error // whether a redirect may lead there: nil if so
	Limit       time.Duration        // for a whole request, redirects and body included
	Connections int                  // to one host that are kept for a minute after they were used
	Trust       *tls.Config
}

// Web asks over HTTP for what lies at public addresses, for one URL at a time and a bounded answer.
type Web struct {
	client *http.Client
	limit  time.Duration
}

// NewWeb makes the client. It uses no proxy, so that the address checked is the address reached, keeps no cookies and
// tells nothing of where it comes from.
func NewWeb(o Options) *Web {
	return &Web{limit: o.Limit, client: &http.Client{
		Transport: &http.Transport{
			Proxy: nil, DialContext: o.Dialer.dial, TLSClientConfig: o.Trust, TLSHandshakeTimeout: dialTime, ForceAttemptHTTP2: true,
			MaxResponseHeaderBytes: maxHeader, MaxIdleConns: 2 * o.Connections, MaxIdleConnsPerHost: o.Connections,
			IdleConnTimeout: time.Minute,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return ErrRedirect
			}
			if err := o.Permit(r.URL); err != nil {
				return fmt.Errorf("redirect: %w", err)
			}
			if HostPort(r.URL) != o.Dialer.Exempt {
				r.URL.User = nil
			}
			r.Header.Del("Referer")
			return nil
		},
	}}
}

// Close closes what idles.
func (w *Web) Close() { w.client.CloseIdleConnections() }

// Fetch gives the body, at most limit bytes. It returns ErrTooLarge, ErrRedirect, ErrRefused, what Permit said of a
// redirect, a StatusError, ErrURL, or what went wrong on the way; none of them holds the URL, which may hold a key. The
// URL itself must have been checked.
func (w *Web) Fetch(ctx context.Context, u *url.URL, accept string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, w.limit)
	defer cancel()

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrURL, err)
	}

	request.Header.Set("User-Agent", UserAgent)
	request.Header.Set("Accept", accept)
	response, err := w.client.Do(request)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err // without the URL: the gateway's may hold a key
		}
		return nil, err
	}

	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After")) // 0 if it is a date or missing
		after := time.Duration(min(max(seconds, 0), int(LongestAfter/time.Second))) * time.Second
		return nil, &StatusError{Code: response.StatusCode, After: after}
	}
	if response.ContentLength > limit {
		return nil, ErrTooLarge
	}

	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	if int64(len(body)) > limit {
		return nil, ErrTooLarge
	}

	return body, nil
}

// HostPort is the URL's HOST:PORT as the HTTP client dials it, in lower case.
func HostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = httpsPort
		if u.Scheme == "http" {
			port = httpPort
		}
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
