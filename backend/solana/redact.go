package solana

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Redact cuts an address down to what may be shown: scheme, host and port, with "/…" where more follows. Text that is
// no URL becomes "…".
func Redact(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return "…"
	}
	shown := parsed.Scheme + "://" + parsed.Host
	if parsed.User != nil {
		shown = parsed.Scheme + "://…@" + parsed.Host
	}
	if len(parsed.Path) > 1 || parsed.RawQuery != "" || parsed.Fragment != "" {
		shown += "/…"
	}
	return shown
}

// scrubber removes the secret parts of an endpoint's addresses from foreign text. Servers and libraries like to repeat
// the address they were asked at.
type scrubber struct {
	secrets []string       // longest first
	hidden  *regexp.Regexp // the secrets in any spelling; nil for none
}

func newScrubber(addresses ...string) *scrubber {
	const least = 3 // shorter texts cannot be keys, and would eat ordinary words
	s := &scrubber{}
	add := func(text string, least int) {
		if len(text) >= least && !slices.Contains(s.secrets, text) {
			s.secrets = append(s.secrets, text)
		}
	}
	for _, address := range addresses {
		parsed, err := url.Parse(address)
		if err != nil || parsed.Host == "" {
			add(address, 1)
			continue
		}

		add(address, 1)
		add(parsed.RequestURI(), least)
		add(parsed.RawQuery, least)
		for _, path := range []string{parsed.Path, parsed.EscapedPath()} {
			for segment := range strings.SplitSeq(path, "/") {
				add(segment, 5)
			}
		}

		for _, values := range parsed.Query() {
			for _, value := range values {
				add(value, least)
				add(url.QueryEscape(value), least)
			}
		}

		if parsed.User != nil {
			password, _ := parsed.User.Password()
			add(password, least)
			add(parsed.User.Username(), least)
			add(parsed.User.String(), least)
			basic := []byte(parsed.User.Username() + ":" + password) // as the header has it
			add(base64.StdEncoding.EncodeToString(basic), least)
			add(base64.RawStdEncoding.EncodeToString(basic), least)
		}
	}

	slices.SortFunc(s.secrets, func(a, b string) int { return len(b) - len(a) })
	if len(s.secrets) > 0 {
		patterns := make([]string, len(s.secrets))
		for i, secret := range s.secrets {
			patterns[i] = anySpelling(secret)
		}
		s.hidden = regexp.MustCompile(strings.Join(patterns, "|"))
	}

	return s
}

const longestSpelling = 6 // bytes of a character, as in \u002f

// anySpelling matches a secret as it is and as URLs, JSON and HTML write it.
func anySpelling(secret string) string {
	var pattern strings.Builder
	for _, c := range secret {
		plain := regexp.QuoteMeta(string(c))
		switch {
		case c >= utf8.RuneSelf:
			fmt.Fprintf(&pattern, `(?:%s|(?i:%s))`, plain, url.QueryEscape(string(c)))
		case isWord(c):
			pattern.WriteString(plain)
		default:
			entity := html.EscapeString(string(c))
			fmt.Fprintf(&pattern, `(?:%s|\\%[1]s|%[2]s|(?i:%%%02[3]x|\\u00%02[3]x|&#0*%[3]d;|&#x0*%[3]x;))`, plain, regexp.QuoteMeta(entity), c)
		}
	}
	return pattern.String()
}

func isWord(c rune) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

// hide is t without secrets.
func (s *scrubber) hide(t string) string {
	if s.hidden == nil {
		return t
	}
	return s.hidden.ReplaceAllString(t, "…")
}

// body is what the body of an answer says, without secrets and of bounded length. cut: data is only its beginning, which
// may end within a secret.
func (s *scrubber) body(data []byte, cut bool) string {
	text := s.hide(string(data))
	if cut && len(s.secrets) > 0 {
		text = text[:max(0, len(text)-longestSpelling*len(s.secrets[0]))]
	}
	return s.text(plainWords([]byte(text)))
}

// text is t without secrets and of bounded length.
func (s *scrubber) text(t string) string {
	const limit = 300
	t = s.hide(t)
	if len(t) > limit {
		t = strings.ToValidUTF8(t[:limit], "") + "…"
	}
	return t
}

// cleanError is a foreign error with its text scrubbed. It does not unwrap to the original, whose text holds secrets;
// only the context errors stay visible.
type cleanError struct {
	text  string
	cause error // context.Canceled, context.DeadlineExceeded or nil
}

func (e *cleanError) Error() string { return e.text }
func (e *cleanError) Unwrap() error { return e.cause }

// clean makes a foreign error fit to be logged.
func (s *scrubber) clean(err error) error {
	if err == nil {
		return nil
	}
	out := &cleanError{}
	for _, cause := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, cause) {
			out.cause = cause
		}
	}
	var located *url.Error // its text holds the address; what is inside says enough
	for errors.As(err, &located) {
		err = located.Err
	}
	out.text = s.text(err.Error())
	return out
}
