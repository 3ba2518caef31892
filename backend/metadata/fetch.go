package metadata

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"

	"spinscope/backend/publicnet"
)

// fetcher asks for one URL.
type fetcher interface {
	// Fetch gives the body, at most limit bytes, or an error that passing tells to be worth another attempt or not.
	Fetch(ctx context.Context, u *url.URL, accept string, limit int64) ([]byte, error)
	Close()
}

// newWeb makes the fetcher over HTTP, for which the gateway need not be public.
func newWeb(g *gateway, d *publicnet.Dialer, limit time.Duration, trust *tls.Config) *publicnet.Web {
	return publicnet.NewWeb(publicnet.Options{
		Dialer: d, Limit: limit, Connections: workers, Trust: trust,
		Permit: func(u *url.URL) error {
			if !g.permitted(u) {
				return ErrURI
			}
			return nil
		},
	})
}

// passing reports whether the error may be gone at the next attempt, and how long its cause asked to wait.
func passing(err error) (again bool, after time.Duration) {
	if status, ok := errors.AsType[*publicnet.StatusError](err); ok {
		switch status.Code {
		case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
			return true, status.After
		}
		return status.Code >= 500, status.After
	}
	if unknown, ok := errors.AsType[*net.DNSError](err); ok && unknown.IsNotFound {
		return false, 0
	}
	for _, final := range []error{publicnet.ErrRefused, publicnet.ErrURL, publicnet.ErrTooLarge, publicnet.ErrRedirect, ErrURI, errDocument, errPicture, errUnknown} {
		if errors.Is(err, final) {
			return false, 0
		}
	}
	return true, 0
}
