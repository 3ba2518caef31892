package proxy

import (
	"errors"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for _, value := range []string{
		"", "http://proxy:3128", "http://proxy:3128/", "https://user:secret@proxy.example", "socks5://127.0.0.1:1080", "socks5h://h:1", "proxy:3128",
		"proxy.example", "127.0.0.1:3128", "[::1]:3128", "http://[::1]:3128", "HTTP://proxy:3128",
	} {
		if err := Check([]string{"HTTP_PROXY=" + value}); err != nil {
			t.Errorf("%q: %v", value, err)
		}
	}

	for _, value := range []string{
		"htp://secret@proxy:3128", "http//proxy:3128", "http:/proxy:3128", "http:///proxy:3128", "http://", "http://:3128", ":3128", "3128", "http://proxy:31z8",
		"http://proxy:99999", "http://proxy:0", "proxy:port", "http://pro xy:3128", " http://proxy:3128", "http://proxy:3128/path", "socks4://proxy:1",
		"ftp://proxy", "http://proxy:3128 ", "http://proxy,http://other", "http://%zz", "://proxy", "http://proxy:3128?x=secret", "direct://",
	} {
		for _, name := range variables {
			err := Check([]string{"PATH=/bin", name + "=" + value, "X"})
			if !errors.Is(err, ErrVariable) || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s=%q: %v", name, value, err)
			}
		}
	}

	if err := Check([]string{"FTP_PROXY=::", "NO_PROXY=*", "MY_HTTP_PROXY=x y"}); err != nil {
		t.Error("other variables:", err)
	}
}

// TestCheckedAddressesAreUsed: what Check lets pass is used, and all_proxy stands in for the others.
func TestCheckedAddressesAreUsed(t *testing.T) {
	for _, name := range append([]string{"NO_PROXY", "no_proxy", "REQUEST_METHOD"}, variables...) {
		t.Setenv(name, "")
	}
	t.Setenv("all_proxy", "general:1")
	for scheme, want := range map[string]string{"ws": "tunnel", "wss": "http://general:1"} {
		transport, err := Sockets(scheme + "://host.test/")
		if err != nil {
			t.Fatal(err)
		}
		if tunnels := transport.Proxy == nil && transport.DialContext != nil; tunnels != (want == "tunnel") {
			t.Errorf("%s: tunnels %v", scheme, tunnels)
		}
	}

	t.Setenv("HTTP_PROXY", "socks5://special:2")
	transport, err := Sockets("ws://host.test/")
	if err != nil || transport.Proxy == nil || transport.DialContext != nil {
		t.Errorf("SOCKS: %+v, %v", transport, err)
	}

	t.Setenv("NO_PROXY", "host.test")
	for _, address := range []string{"ws://host.test/", "wss://host.test/", "ws://127.0.0.1:8900", "ws://localhost:8900"} {
		if transport, err = Sockets(address); err != nil || transport.Proxy != nil || transport.DialContext != nil {
			t.Errorf("%s is reached by a detour: %v", address, err)
		}
	}
}
