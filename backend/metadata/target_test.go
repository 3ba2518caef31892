package metadata

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"spinscope/backend/publicnet"
)

const (
	cid0 = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKWP1u"
	cid1 = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"
)

func TestTargets(t *testing.T) {
	for _, test := range []struct{ uri, want string }{
		{"ipfs://" + cid1, "http://gw.test:81/ipfs/" + cid1},
		{" ipfs://" + cid0 + "/ ", "http://gw.test:81/ipfs/" + cid0},
		{"ipfs://ipfs/" + cid0, "http://gw.test:81/ipfs/" + cid0},
		{"ipfs://" + cid1 + "/a dir/1.json", "http://gw.test:81/ipfs/" + cid1 + "/a%20dir/1.json"},
		{"ipfs://" + cid1 + "/1.json?x=1#y", "http://gw.test:81/ipfs/" + cid1 + "/1.json"},
		{cid0, "http://gw.test:81/ipfs/" + cid0},
		{cid1, "http://gw.test:81/ipfs/" + cid1},
		{"https://ipfs.io/ipfs/" + cid1 + "/x.png", "http://gw.test:81/ipfs/" + cid1 + "/x.png https://ipfs.io/ipfs/" + cid1 + "/x.png"},
		{"https://example.com/ipfs/nonsense", "https://example.com/ipfs/nonsense"},
		{"https://example.com/a.json?b=c#d", "https://example.com/a.json?b=c"},
		{"HTTPS://user:secret@Example.com/a", "https://Example.com/a"},
		{"http://GW.test:81/ipfs/x", "http://GW.test:81/ipfs/x"},
		{"ar://bNbA3TEQVL60xlgCcqdz4ZPHFZ711cZ3hmkpGttDt_U", "https://arweave.net/bNbA3TEQVL60xlgCcqdz4ZPHFZ711cZ3hmkpGttDt_U"},

		{"", ""},
		{"   ", ""},
		{"x", ""},
		{"/etc/passwd", ""},
		{"file:///etc/passwd", ""},
		{"data:application/json,{}", ""},
		{"javascript:alert(1)", ""},
		{"ftp://example.com/a", ""},
		{"gopher://example.com", ""},
		{"https://", ""},
		{"https:///a", ""},
		{"http://example.com/a", ""},
		{"http://gw.test/ipfs/x", ""},
		{"http://gw.test:81/", ""},
		{"http://gw.test:81/ipfs/", ""},
		{"http://gw.test:81/ipfsx/y", ""},
		{"http://gw.test:81/api/v0/shutdown", ""},
		{"https://gw.test:81/api/v0/shutdown", ""},
		{"http://gw.test:81/ipfs/../api/v0/shutdown", ""},
		{"http://gw.test:81/ipfs/%2e%2e/api/v0/shutdown", ""},
		{"http://gw.test:81/ipfs/x/..%2f..%2fapi", ""},
		{"http://gw.test:82/ipfs/x", ""},
		{"//example.com/a", ""},
		{"ipfs://", ""},
		{"ipfs://../../admin", ""},
		{"ipfs://" + cid1 + "/../../admin", ""},
		{"ipfs://" + cid1 + "/%2e%2e/%2e%2e/x", ""},
		{"ipfs://" + cid1 + "//x", ""},
		{"ipfs://" + cid1 + "/a%5c..%5cb", ""},
		{"ipfs://a@b", ""},
		{"ipfs://evil.test:80/x", ""},
		{"ar://", ""},
		{"ar://../x", ""},
		{"https://example.com/\x00", ""},
		{"https://example.com/" + strings.Repeat("a", maxURI), ""},
	} {
		gw, err := newGateway("http://gw.test:81/ipfs")
		if err != nil {
			t.Fatal(err)
		}
		list, err := gw.targets(test.uri)
		var got []string
		for _, u := range list {
			got = append(got, u.String())
		}

		if strings.Join(got, " ") != test.want || (err != nil) != (test.want == "") {
			t.Errorf("%.80q: %q, %v, want %q", test.uri, got, err, test.want)
		}
		if err != nil && !errors.Is(err, ErrURI) {
			t.Errorf("%.80q: %v is not ErrURI", test.uri, err)
		}
	}
}

func TestGateway(t *testing.T) {
	for _, test := range []struct{ text, at, of string }{
		{"https://ipfs.io/ipfs/", "ipfs.io:443", "https://ipfs.io/ipfs/x"},
		{"https://IPFS.io", "ipfs.io:443", "https://IPFS.io/ipfs/x"},
		{"http://127.0.0.1:8080/", "127.0.0.1:8080", "http://127.0.0.1:8080/ipfs/x"},
		{"http://[::1]:8080/gw/ipfs", "[::1]:8080", "http://[::1]:8080/gw/ipfs/x"},
		{"http://node/ipfs/?key=k", "node:80", "http://node/ipfs/x?key=k"},
	} {
		g, err := newGateway(test.text)
		if err != nil {
			t.Fatalf("%s: %v", test.text, err)
		}
		if got := g.of("x").String(); g.at != test.at || got != test.of {
			t.Errorf("%s: at %s, %s", test.text, g.at, got)
		}
	}

	for _, text := range []string{"", "ipfs.io", "ftp://ipfs.io/", "http://", "://", "http://a b/"} {
		if _, err := newGateway(text); !errors.Is(err, ErrURI) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Whatever a token says, what is asked is https or lies on the gateway, below its path for content identifiers.
func FuzzTargets(f *testing.F) {
	for _, seed := range []string{"ipfs://" + cid1 + "/x", cid0, "ar://abc", "https://ipfs.io/ipfs/" + cid0, "http://gw.test:81/ipfs/../x", "https://a@b:c/%2e"} {
		f.Add(seed)
	}
	g, err := newGateway("http://gw.test:81/ipfs/")
	if err != nil {
		f.Fatal(err)
	}

	f.Fuzz(func(t *testing.T, uri string) {
		list, err := g.targets(uri)
		if err != nil {
			return
		}

		for _, u := range list {
			again, err := url.Parse(u.String())
			if err != nil {
				t.Fatalf("%q gives %q: %v", uri, u, err)
			}
			if u.User != nil || !g.permitted(again) {
				t.Fatalf("%q gives %q", uri, u)
			}

			scheme, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(uri)), ":")
			if scheme == "ipfs" && publicnet.HostPort(again) != g.at ||
				publicnet.HostPort(again) == g.at && (!strings.HasPrefix(again.Path, "/ipfs/") || strings.Contains(again.Path+"/", "/../")) {
				t.Fatalf("%q leaves the gateway: %q", uri, u)
			}
		}
	})
}
