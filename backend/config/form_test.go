package config

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestMask(t *testing.T) {
	for address, want := range map[string]string{
		"":                               "",
		"http://127.0.0.1:8899":          "http://127.0.0.1:8899",
		"https://api.devnet.solana.com/": "https://api.devnet.solana.com/",
		"https://rpc.example/?api-key=0123456789abcdef":      "https://rpc.example/?api-key=••••cdef",
		"https://rpc.example/?api-key=short":                 "https://rpc.example/?api-key=••••",
		"https://rpc.example/v2/0123456789abcdef":            "https://rpc.example/v2/••••cdef",
		"wss://user:password@rpc.example/":                   "wss://••••@rpc.example/",
		"https://rpc.example/?0123456789abcdef":              "https://rpc.example/?••••cdef",
		"https://rpc.example/?a=1&key=0123456789abcdef#frag": "https://rpc.example/?a=••••&key=••••cdef#••••",
		"https://rpc.example/?key=0123456789%20abc":          "https://rpc.example/?key=••••0abc",
		"not a url at all":                                   "••••",
		"\x00":                                               "••••",
	} {
		if got := maskURL(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}

	for word, want := range map[string]string{"": "", "12345678": "••••", "0123456789ab": "••••89ab", "0123456789äöü": "••••"} {
		if got := maskWord(word); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func FuzzMask(f *testing.F) {
	f.Add("https://user:pass@host/path/0123456789?key=secret&x#y", "0123456789secret")
	f.Fuzz(func(t *testing.T, address, key string) {
		_ = maskURL(address)
		if len(key) < 12 || strings.ContainsAny(key, "/?#&=%•") {
			return
		}
		for _, with := range []string{"https://h/?k=" + key, "https://h/" + key, "https://" + key + "@h/"} {
			if got := maskURL(with); strings.Contains(got, key) {
				t.Errorf("%q shows the key", got)
			}
		}
	})
}

func withSecrets() Config {
	cfg := Default()
	cfg.Solana.Cluster, cfg.Solana.RPCURL = "custom", "https://rpc.example/?api-key=0123456789abcdef"
	cfg.Server.Token = "0123456789token"
	cfg.Alerts.Webhook = "https://hooks.example/T000/0123456789webhook"
	cfg.Solana.Fallback = []Endpoint{
		{"https://a.example/?key=11111111cdef", ""}, {"https://a.example/?key=22222222cdef", "wss://b.example/?key=33333333cdef"},
	}
	return cfg
}

func TestFormUnchangedKeepsEverything(t *testing.T) {
	cfg := withSecrets()
	form := NewForm(cfg)
	for key, text := range form.Values {
		if strings.Contains(text, "012345") {
			t.Errorf("%s shows its secret: %s", key, text)
		}
	}

	next, found := form.Apply(cfg)
	if len(found) > 0 || !same(next, cfg) {
		t.Fatalf("%v: %+v", found, next)
	}
	slices.Reverse(form.Fallback) // their masks are the same: the place says which is which
	next, found = form.Apply(cfg)
	if len(found) > 0 || next.Solana.Fallback[0] != cfg.Solana.Fallback[1] || next.Solana.Fallback[1] != cfg.Solana.Fallback[0] {
		t.Fatalf("%v: %+v", found, next.Solana.Fallback)
	}

	if cfg.Solana.Fallback[0].RPCURL != withSecrets().Solana.Fallback[0].RPCURL {
		t.Fatal("the configuration itself was changed")
	}
	next, _ = Form{Values: map[string]string{"store.retention_days": "3"}}.Apply(cfg)
	if len(next.Solana.Fallback) != 2 {
		t.Fatal("a form without fallbacks removed them")
	}
}

func TestFormProblems(t *testing.T) {
	for _, c := range []struct {
		name      string
		values    map[string]string
		fallback  []FormEndpoint
		key, hint string
	}{
		{"no number", map[string]string{"store.retention_days": "many"}, nil, "store.retention_days", `"many" is not a whole number`},
		{"range", map[string]string{"store.retention_days": "-1"}, nil, "store.retention_days", "use 0..36500"},
		{"unknown", map[string]string{"store.sync_writes": "true"}, nil, "store.sync_writes", "configuration file"},
		{"no key at all", map[string]string{"": "true"}, nil, "", "configuration file"},
		{"half a mask", map[string]string{"solana.rpc_url": "https://other.example/?api-key=••••cdef"}, nil, "solana.rpc_url", "still hidden"},
		{"another's mask", map[string]string{"server.token": "••••"}, nil, "server.token", "still hidden"},
		{"custom without address", map[string]string{"solana.rpc_url": ""}, nil, "solana.rpc_url", "is needed"},
		{"scheme", map[string]string{"solana.ws_url": "https://x"}, nil, "solana.ws_url", "ws://"},
		{"program", map[string]string{"solana.program_id": "0"}, nil, "solana.program_id", ""},
		{"intervals", map[string]string{"kline.intervals": " "}, nil, "kline.intervals", "at least one"},
		{"listen", map[string]string{"server.listen": "0.0.0.0:1", "server.token": ""}, nil, "server.listen", "set server.token"},
		{"fallback", nil, []FormEndpoint{{"https://a.example/?key=••••cdef", "", 1}, {"ftp://x", "", 0}}, "solana.fallback[1].rpc_url", "http://"},
		{"fallback of nobody", nil, []FormEndpoint{{"https://a.example/?key=••••cdef", "", 0}}, "solana.fallback[0].rpc_url", "still hidden"},
		{"fallback out of range", nil, []FormEndpoint{{"https://a.example/?key=••••cdef", "", 9}}, "solana.fallback[0].rpc_url", "still hidden"},
		{"empty fallback", nil, []FormEndpoint{{"", "", 0}}, "solana.fallback[0].rpc_url", "is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			next, found := Form{Values: c.values, Fallback: c.fallback}.Apply(withSecrets())
			found = append(found, next.Problems()...)
			i := slices.IndexFunc(found, func(e *KeyError) bool { return e.Key == c.key && strings.Contains(e.Hint(), c.hint) })
			if i < 0 {
				t.Fatalf("got %v", found)
			}
			for _, e := range found {
				if strings.Contains(e.Error(), "0123456789") || strings.HasPrefix(e.Hint(), ":") || strings.HasPrefix(e.Hint(), " ") {
					t.Errorf("%q", e.Hint())
				}
			}
		})
	}
}

func TestFormLeavesCustomAndComesBack(t *testing.T) {
	custom := withSecrets()
	custom.Solana.WSURL = "wss://rpc.example/?api-key=0123456789abcdef"
	apply := func(cfg Config, values map[string]string) Config {
		t.Helper()
		next, found := Form{Values: values}.Apply(cfg)
		if found = append(found, next.Problems()...); len(found) > 0 {
			t.Fatal(found[0])
		}
		return next
	}
	devnet := apply(custom, map[string]string{"solana.cluster": "devnet"})
	if s := devnet.Solana; s.RPCURL+s.WSURL != "" || s.KeptRPCURL != custom.Solana.RPCURL || s.KeptWSURL != custom.Solana.WSURL {
		t.Fatalf("%+v", s)
	}

	form := NewForm(devnet)
	if got := form.Values["solana.rpc_url"]; got != "https://rpc.example/?api-key=••••cdef" {
		t.Fatalf("not offered: %q", got)
	}
	if next := apply(devnet, form.Values); !same(next, devnet) {
		t.Fatalf("an unchanged form changes %+v", next.Solana)
	}

	if next := apply(devnet, map[string]string{"solana.cluster": "mainnet"}); next.Solana.KeptRPCURL != custom.Solana.RPCURL {
		t.Fatalf("lost: %+v", next.Solana)
	}
	endpoint, problem := FormEndpoint{form.Values["solana.rpc_url"], form.Values["solana.ws_url"], Preferred}.Unmask(devnet)
	if problem != nil || endpoint.RPCURL != custom.Solana.RPCURL || endpoint.WSURL != custom.Solana.WSURL {
		t.Fatalf("%v %+v", problem, endpoint)
	}

	if next := apply(devnet, map[string]string{"solana.cluster": "custom"}); !same(next, custom) {
		t.Fatalf("%+v, want %+v", next.Solana, custom.Solana)
	}
	next := apply(devnet, map[string]string{"solana.cluster": "custom", "solana.rpc_url": "https://new.example", "solana.ws_url": ""})
	if s := next.Solana; s.RPCURL != "https://new.example" || s.WSURL+s.KeptRPCURL+s.KeptWSURL != "" {
		t.Fatalf("%+v", s)
	}
}

func TestOverlay(t *testing.T) {
	_, origin, err := Load(write(t, commented), []string{"SPINSCOPE_SERVER_LISTEN=127.0.0.1:1", "SPINSCOPE_KLINE_INTERVALS=s1"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"server.listen": "SPINSCOPE_SERVER_LISTEN", "kline.intervals": "SPINSCOPE_KLINE_INTERVALS"}
	if !origin.Found || !maps.Equal(origin.Fixed, want) {
		t.Fatalf("%+v", origin)
	}
	running := Default()
	running.Server.Listen, running.Kline.Intervals, running.Solana.Cluster = "127.0.0.1:1", []string{"s1"}, "mainnet"
	file := Default()
	origin.Fixed["no.such"] = "--x"
	got := Overlay(file, running, origin.Fixed)
	if got.Server.Listen != "127.0.0.1:1" || len(got.Kline.Intervals) != 1 || got.Solana.Cluster != "demo" || file.Server.Listen == got.Server.Listen {
		t.Fatalf("%+v", got)
	}
}

func TestEndpointCheck(t *testing.T) {
	for _, c := range []struct {
		endpoint Endpoint
		key      string
	}{
		{Endpoint{"http://a", ""}, ""}, {Endpoint{"ws://a", ""}, "rpc_url"}, {Endpoint{"http://a", "http://a"}, "ws_url"},
	} {
		problem := c.endpoint.Check()
		if (problem == nil) != (c.key == "") || problem != nil && problem.Key != c.key {
			t.Errorf("%v: %v", c.endpoint, problem)
		}
	}
}
