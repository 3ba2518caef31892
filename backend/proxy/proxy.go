package proxy

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// ErrVariable is returned for an environment variable that holds no proxy's address; the text names it.
var ErrVariable = errors.New("not the address of a proxy: write http://HOST:PORT (or https, socks5, socks5h), or unset it")

var variables = []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"}

// Check returns an error wrapping ErrVariable for the first variable of environ, as from os.Environ, that is set and
// holds no proxy's address.
func Check(environ []string) error {
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if slices.Contains(variables, name) && value != "" && !isAddress(value) {
			return fmt.Errorf("environment variable %s: %w", name, ErrVariable)
		}
	}
	return nil
}

// isAddress reports whether text is what FromEnvironment takes for a proxy: a URL, or host and port alone.
func isAddress(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Host == "" {
		if u, err = url.Parse("http://" + text); err != nil {
			return false
		}
	}
	if _, err := strconv.Atoi(u.Hostname()); err == nil || u.Hostname() == "" { // a port alone
		return false
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return false
		}
	}
	return slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) && !strings.HasSuffix(u.Host, ":") &&
		strings.TrimPrefix(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == ""
}

// FromEnvironment is the choice of a proxy for http.Transport.Proxy, as the environment has it now.
func FromEnvironment() func(*http.Request) (*url.URL, error) {
	choose := chooser()
	return func(r *http.Request) (*url.URL, error) { return choose(r.URL) }
}

func chooser() func(*url.URL) (*url.URL, error) {
	config := httpproxy.FromEnvironment()
	all := cmp.Or(os.Getenv("ALL_PROXY"), os.Getenv("all_proxy"))
	config.HTTPProxy, config.HTTPSProxy = cmp.Or(config.HTTPProxy, all), cmp.Or(config.HTTPSProxy, all)
	return config.ProxyFunc()
}
