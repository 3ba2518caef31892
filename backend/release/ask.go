package release

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"time"

	"spinscope/backend/publicnet"
)

// ErrURL is returned for an address that is not asked.
var ErrURL = errors.New("write an address that begins with https:// and a host, without a login or a fragment, up to 2048 characters")

const (
	maxURL         = 2048     // bytes
	maxDescription = 16 << 10 // bytes
	maxSignature   = 4 << 10  // bytes
	askTime        = 20 * time.Second
	extension      = ".minisig"
)

// CheckURL returns ErrURL unless text is an address that can be asked for release descriptions.
func CheckURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Fragment != "" || len(text) > maxURL {
		return ErrURL
	}
	return permit(u)
}

// permit is whether an address may be asked, also by way of a redirect.
func permit(u *url.URL) error {
	if u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return ErrURL
	}
	return nil
}

// web asks over HTTP.
type web struct {
	dialer *publicnet.Dialer // of tests; nil: the internet
	trust  *tls.Config
}

// ask fetches the description at address and its signature beside it.
func (w *web) ask(ctx context.Context, address string) (signed, error) {
	at, err := url.Parse(address)
	if err != nil {
		return signed{}, ErrURL
	}

	dialer := w.dialer
	if dialer == nil {
		dialer = publicnet.NewDialer("")
	}
	client := publicnet.NewWeb(publicnet.Options{Dialer: dialer, Permit: permit, Limit: askTime, Connections: 1, Trust: w.trust})
	defer client.Close()

	text, err := client.Fetch(ctx, at, "application/json", maxDescription)
	if err != nil {
		return signed{}, fmt.Errorf("the release description: %w", err)
	}

	beside := *at
	beside.Path, beside.RawPath = at.Path+extension, ""
	signature, err := client.Fetch(ctx, &beside, "*/*", maxSignature)
	if err != nil {
		return signed{}, fmt.Errorf("its signature: %w", err)
	}

	return signed{Text: string(text), Signature: string(signature)}, nil
}
