package release

import (
	"errors"
	"strings"
	"testing"
)

func TestDescription(t *testing.T) {
	const page = `"page":"https://x.example/1"`
	for text, want := range map[string]string{
		`{"name":"spinscope","version":"0.2.0",` + page + `}`:                   "0.2.0",
		`{"name":"spinscope","version":"1.0.0-rc.1+a","more":[1],` + page + `}`: "1.0.0-rc.1+a",

		``: "", `[]`: "", `"x"`: "", `{`: "", `{}`: "", `null`: "",
		`{"name":"spinscope","version":"0.2.0",` + page + `} and more`:                                        "",
		`{"name":"other","version":"0.2.0",` + page + `}`:                                                     "",
		`{"version":"0.2.0",` + page + `}`:                                                                    "",
		`{"name":"spinscope","version":"0.2",` + page + `}`:                                                   "",
		`{"name":"spinscope","version":"v0.2.0",` + page + `}`:                                                "",
		`{"name":"spinscope","version":"0.02.0",` + page + `}`:                                                "",
		`{"name":"spinscope","version":"0.2.0\n9",` + page + `}`:                                              "",
		`{"name":"spinscope","version":2,` + page + `}`:                                                       "",
		`{"name":"spinscope","version":"0.2.0-` + strings.Repeat("a", 100) + `",` + page + `}`:                "",
		`{"name":"spinscope","version":"0.2.0"}`:                                                              "",
		`{"name":"spinscope","version":"0.2.0","page":"http://x.example/"}`:                                   "",
		`{"name":"spinscope","version":"0.2.0","page":"javascript:alert(1)"}`:                                 "",
		`{"name":"spinscope","version":"0.2.0","page":"https://"}`:                                            "",
		`{"name":"spinscope","version":"0.2.0","page":"https://me:word@x.example/"}`:                          "",
		`{"name":"spinscope","version":"0.2.0","page":"https://x.example/\u001b[31m"}`:                        "",
		`{"name":"spinscope","version":"0.2.0","page":"https://x.example/` + strings.Repeat("a", 2048) + `"}`: "",
	} {
		got, err := parse([]byte(text))
		if got.Version != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, ErrDescription) {
			t.Errorf("%.80s: %+v, %v", text, got, err)
		}
	}
}

func TestNewer(t *testing.T) {
	for _, test := range []struct {
		offered, running string
		want             bool
	}{
		{"0.2.0", "0.1.0", true},
		{"0.10.0", "0.9.0", true},
		{"1.0.0", "1.0.0-rc.1", true},
		{"0.1.1", "0.1.1-dev.5+dirty", true},
		{"0.1.0", "0.1.1-dev.5", false},
		{"0.1.0", "0.1.0", false},
		{"0.1.0+new", "0.1.0+old", false},
		{"0.0.9", "0.1.0", false},
		{"0.2.0-rc.1", "0.1.0", false}, // who runs releases hears of releases
		{"0.2.0-rc.2", "0.2.0-rc.1", true},
		{"0.2.0-rc.10", "0.2.0-rc.9", true},
		{"0.2.0-rc.1", "0.1.1-dev.5", true},
	} {
		if got := newer(test.offered, test.running); got != test.want {
			t.Errorf("newer(%s, %s) = %v", test.offered, test.running, got)
		}
	}
}

func TestCheckURL(t *testing.T) {
	for text, want := range map[string]bool{
		"https://x.example/release.json": true, "https://x.example:8443/a/release.json?channel=beta": true, "https://1.2.3.4/r": true,
		"": false, "http://x.example/": false, "x.example": false, "https://": false, "https:///r": false, "ftp://x.example/": false,
		"https://me:word@x.example/": false, "https://x.example/#a": false, "https://x.example/" + strings.Repeat("a", 2048): false,
		"file:///etc/passwd": false, "https://x example/": false,
	} {
		if err := CheckURL(text); (err == nil) != want || err != nil && !errors.Is(err, ErrURL) {
			t.Errorf("%.60q: %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"name":"spinscope","version":"0.2.0","page":"https://x.example/1"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := parse(text)
		if err != nil {
			return
		}
		for _, shown := range []string{d.Version, d.Page} {
			if shown == "" || strings.ContainsAny(shown, "\x00\n\r\x1b") {
				t.Errorf("%q is shown", shown)
			}
		}
		if newer(d.Version, d.Version) {
			t.Errorf("%s is newer than itself", d.Version)
		}
	})
}
