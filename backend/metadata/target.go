package metadata

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"spinscope/backend/publicnet"
)

// ErrURI is returned for a uri that is not fetched: it is malformed, or neither ipfs://, ar:// nor https://.
var ErrURI = errors.New("not a uri that is fetched")

const (
	maxURI      = 2048 // bytes
	arweaveHost = "arweave.net"
)

// gateway is the configured way into IPFS.
type gateway struct {
	base url.URL // its path ends with a slash
	at   string  // HOST:PORT, lower case
}

// newGateway reads a gateway's URL. One without a path gets the usual /ipfs/; a query, such as a key, is kept.
func newGateway(text string) (*gateway, error) {
	base, err := url.Parse(text)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("the gateway is no http or https address: %w", ErrURI) // it may hold a key
	}
	if base.Path == "" || base.Path == "/" {
		base.Path = "/ipfs/"
	} else if !strings.HasSuffix(base.Path, "/") {
		base.Path += "/"
	}
	base.RawPath, base.Fragment = "", ""
	return &gateway{base: *base, at: publicnet.HostPort(base)}, nil
}

// permitted reports whether the URL may be asked: https, or the gateway, which may stand in a private network and is
// therefore asked for content below its base only, never for what else that host and port serve.
func (g *gateway) permitted(u *url.URL) bool {
	if u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	if publicnet.HostPort(u) != g.at {
		return u.Scheme == "https"
	}
	below, ok := strings.CutPrefix(u.Path, g.base.Path)
	if ok {
		_, ok = contentPath(below)
	}
	return ok
}

// targets are the places to ask for uri, the preferred one first. Content of IPFS is the same everywhere, so that a
// link to somebody's gateway is tried at ours first.
func (g *gateway) targets(uri string) ([]*url.URL, error) {
	uri = strings.TrimSpace(uri)
	if uri == "" || len(uri) > maxURI {
		return nil, fmt.Errorf("%d bytes: %w", len(uri), ErrURI)
	}

	if isCID(uri) {
		uri = "ipfs://" + uri
	}
	u, err := url.Parse(uri)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrURI, err)
	}

	switch u.Scheme {
	case "ipfs":
		content, ok := contentPath(strings.TrimPrefix(u.Host+u.Path, "ipfs/"))
		if !ok || u.User != nil {
			return nil, fmt.Errorf("no content identifier: %w", ErrURI)
		}
		return []*url.URL{g.of(content)}, nil
	case "ar":
		content, ok := contentPath(u.Host + u.Path)
		if !ok {
			return nil, fmt.Errorf("no transaction: %w", ErrURI)
		}
		return []*url.URL{{Scheme: "https", Host: arweaveHost, Path: "/" + content}}, nil
	}

	if !g.permitted(u) {
		return nil, fmt.Errorf("neither https nor content of the gateway: %w", ErrURI)
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	list := []*url.URL{u}
	if at := strings.Index(u.Path, "/ipfs/"); at == 0 && publicnet.HostPort(u) != g.at {
		if content, ok := contentPath(u.Path[len("/ipfs/"):]); ok && isCID(content[:strings.IndexByte(content+"/", '/')]) {
			list = []*url.URL{g.of(content), u}
		}
	}

	return list, nil
}

// of is where the gateway has the content.
func (g *gateway) of(content string) *url.URL {
	u := g.base
	u.Path += content
	return &u
}

// contentPath checks an identifier that a path may follow: nothing in it may lead out of the gateway's own path.
func contentPath(text string) (string, bool) {
	text = strings.TrimRight(text, "/")
	id, rest, _ := strings.Cut(text, "/")
	if id == "" || len(id) > 128 {
		return "", false
	}
	for _, c := range []byte(id) {
		if !alphanumeric(c) && c != '-' && c != '_' { // the latter in Arweave's
			return "", false
		}
	}
	for part := range strings.SplitSeq(rest, "/") {
		if part == "." || part == ".." || strings.ContainsAny(part, "\\\x00") || part == "" && rest != "" {
			return "", false
		}
	}
	return text, true
}

// isCID reports whether text looks like a content identifier of version 0 or 1.
func isCID(text string) bool {
	if len(text) < 46 || len(text) > 128 || len(text) == 46 && !strings.HasPrefix(text, "Qm") {
		return false
	}
	if len(text) > 46 && text[0] != 'b' && text[0] != 'k' && text[0] != 'z' {
		return false
	}
	for _, c := range []byte(text) {
		if !alphanumeric(c) {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
