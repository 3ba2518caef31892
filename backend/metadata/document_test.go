package metadata

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestParseDocument(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{`{}`, `{}`},
		{"\ufeff {\"name\":\"A\"} ", `{"name":"A"}`},
		{
			`{"name":"Moon","symbol":"MOON","description":"a\nb\tc","image":"ipfs://x","showName":true,"createdOn":"https://x.example",` +
				`"twitter":"https://x.com/a","website":"http://b.example/?q=1","telegram":"","more":{"a":[1]}}`,
			`{"name":"Moon","symbol":"MOON","description":"a\nb c","image":"ipfs://x","showName":true,"createdOn":"https://x.example",` +
				`"twitter":"https://x.com/a","website":"http://b.example/?q=1","telegram":""}`,
		},
		{`{"name":1,"symbol":null,"description":[],"image":{},"showName":"yes","createdOn":1e9,"twitter":true,"website":["https://a"],"telegram":0}`, `{}`},
		{`{"showName":"false"}`, `{"showName":false}`},
		{`{"showName":1}`, `{}`},
		{`{"showName":"t"}`, `{}`},
		{`{"name":"a\u0000b\u001b[31mc\u007f\u0085d","symbol":"\u202eGNP\u2066\u200f"}`, `{"name":"ab[31mc d","symbol":"GNP"}`},
		{`{"name":"\u3164\u2800","symbol":"\u0301S\u115fP\u0301T"}`, "{\"name\":\"\",\"symbol\":\"SP\u0301T\"}"},
		{`{"name":"  two\nlines\r\n "}`, `{"name":"two lines"}`},
		{`{"website":"javascript:alert(1)","twitter":"data:text/html,x","telegram":"//t.me/x"}`, `{}`},
		{`{"website":"https://user:pw@a.example","twitter":"@handle","telegram":"JAVASCRIPT:x"}`, `{}`},
		{`{"website":"java\u0000script:alert(1)","twitter":"http:","telegram":" https://t.me/a "}`, `{"telegram":"https://t.me/a"}`},
		{`{"extensions":{"twitter":"https://x.com/e","website":7},"website":"https://w.example"}`, `{"twitter":"https://x.com/e","website":"https://w.example"}`},
		{`{"extensions":"none"}`, `{}`},
		{`{"image":"data:image/png;base64,AAAA"}`, `{}`},
		{`{"image":"javascript:1"}`, `{}`},
		{`{"image":"` + cid0 + `"}`, `{"image":"` + cid0 + `"}`},
		{`{"image":"https://a.example/x.png"}`, `{"image":"https://a.example/x.png"}`},
		{`{"website":"https://a.example/` + strings.Repeat("a", maxURI) + `"}`, `{}`},
	} {
		got, err := parseDocument([]byte(test.in))
		if err != nil {
			t.Errorf("%.80s: %v", test.in, err)
			continue
		}
		if out, _ := json.Marshal(got); string(out) != test.want {
			t.Errorf("%.80s\n got %.300s\nwant %s", test.in, out, test.want)
		}
	}

	long, err := parseDocument([]byte(`{"name":"` + strings.Repeat("é", 500) + `","description":"` + strings.Repeat("x ", 5000) + `"}`))
	if err != nil || utf8.RuneCountInString(*long.Name) != maxName || len(*long.Description) > maxDescription {
		t.Errorf("long texts are not cut: %v", err)
	}
	for _, in := range []string{"", "null", "[]", `"x"`, "1", "{", `{"name":"a"} x`, "<html>", strings.Repeat(`{"a":`, 20_000)} {
		if _, err := parseDocument([]byte(in)); !errors.Is(err, errDocument) {
			t.Errorf("%.20q: %v", in, err)
		}
	}
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"name":"a","showName":true,"image":"ipfs://x","twitter":"https://x.com"}`))
	f.Add([]byte(`{"name":"\ud800","extensions":{"website":"http://[::1]"}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		document, err := parseDocument(in)
		if err != nil {
			return
		}

		for _, text := range []*string{document.Name, document.Symbol, document.Description, document.Image, document.CreatedOn, document.Twitter, document.Website, document.Telegram} {
			if text == nil {
				continue
			}
			if !utf8.ValidString(*text) || utf8.RuneCountInString(*text) > maxURI {
				t.Fatalf("text %q", *text)
			}
			for _, c := range *text {
				if unicode.IsControl(c) && c != '\n' || unicode.Is(unicode.Bidi_Control, c) {
					t.Fatalf("character %U in %q", c, *text)
				}
			}
		}

		for _, link := range []*string{document.Twitter, document.Website, document.Telegram} {
			if link != nil && *link != "" && !strings.HasPrefix(strings.ToLower(*link), "http") {
				t.Fatalf("link %q", *link)
			}
		}

		encoded, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseDocument(encoded)
		if err != nil {
			t.Fatal(err)
		}

		if twice, _ := json.Marshal(again); string(twice) != string(encoded) {
			t.Fatalf("not stable: %s, %s", encoded, twice)
		}
	})
}
