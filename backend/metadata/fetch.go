package metadata

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
	"time"
)

var (
	errTooLarge = errors.New("more bytes than are taken")
	errRedirect = errors.New("too many redirects")
)

const (
	maxRedirects = 3
	maxHeader    = 64 << 10 // bytes
	userAgent    = "Spinscope"
	longestAfter = time.Minute // Retry-After beyond it is cut
)

// statusError is an answer other than 200.
type statusError struct {
	code  int
	after time.Duration // Retry-After, 0 without
}

func (e *statusError) Error() string { return "HTTP status " + strconv.Itoa(e.code) }

// fetcher asks for one URL.
type fetcher interface {
	// fetch gives the body, at most limit bytes, or an error that passing tells to be worth another attempt or not.
	fetch(ctx context.Context, u *url.URL, accept string, limit int64) ([]byte, error)
	close()
}

// web is the fetcher over HTTP.
type web struct {
	client *http.Client
	limit  time.Duration // for a whole request, redirects and body included
}

// newWeb makes the client. It uses no proxy, so that the address checked is the address reached, keeps no cookies and
// tells nothing of where it comes from.
func newWeb(g *gateway, d *dialer, limit time.Duration, trust *tls.Config) *web {
	return &web{limit: limit, client: &http.Client{
		Transport: &http.Transport{
			Proxy: nil, DialContext: d.dial, TLSClientConfig: trust, TLSHandshakeTimeout: dialTime, ForceAttemptHTTP2: true,
			MaxResponseHeaderBytes: maxHeader, MaxIdleConns: 2 * workers, MaxIdleConnsPerHost: workers, IdleConnTimeout: time.Minute,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return errRedirect
			}
			if !g.permitted(r.URL) {
				return fmt.Errorf("redirect: %w", ErrURI)
			}
			if hostPort(r.URL) != g.at {
				r.URL.User = nil
			}
			r.Header.Del("Referer")
			return nil
		},
	}}
}

func (w *web) close() { w.client.CloseIdleConnections() }

func (w *web) fetch(ctx context.Context, u *url.URL, accept string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, w.limit)
	defer cancel()

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrURI, err)
	}

	request.Header.Set("User-Agent", userAgent)
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
		after := time.Duration(min(max(seconds, 0), int(longestAfter/time.Second))) * time.Second
		return nil, &statusError{code: response.StatusCode, after: after}
	}
	if response.ContentLength > limit {
		return nil, errTooLarge
	}

	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	if int64(len(body)) > limit {
		return nil, errTooLarge
	}

	return body, nil
}

// passing reports whether the error may be gone at the next attempt, and how long its cause asked to wait.
func passing(err error) (again bool, after time.Duration) {
	if status, ok := errors.AsType[*statusError](err); ok {
		switch status.code {
		case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
			return true, status.after
		}
		return status.code >= 500, status.after
	}
	if unknown, ok := errors.AsType[*net.DNSError](err); ok && unknown.IsNotFound {
		return false, 0
	}
	for _, final := range []error{ErrRefused, ErrURI, errTooLarge, errRedirect, errDocument, errPicture, errUnknown} {
		if errors.Is(err, final) {
			return false, 0
		}
	}
	return true, 0
}
