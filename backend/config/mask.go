package config

import (
	"net/url"
	"strings"
)

// masked stands for the hidden part of a secret. Whoever shows a masked value and gets it back unchanged keeps the
// secret.
const masked = "••••"

// maskWord hides a secret, but for the end of a long one, by which its owner knows it.
func maskWord(secret string) string {
	const least, shown = 12, 4
	switch {
	case secret == "":
		return ""
	case len(secret) < least:
		return masked
	}
	end := secret[len(secret)-shown:]
	for _, r := range end {
		if r < '!' || r > '~' {
			return masked
		}
	}
	return masked + end
}

// maskURL hides what may be a key in an address: user and password, every value of the query, the fragment, and parts of
// the path but for short ones such as "v2". An address without any of them stays as it is.
func maskURL(address string) string {
	const shortest = 5 // of a key
	if address == "" {
		return ""
	}

	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return masked
	}

	var out strings.Builder
	out.WriteString(u.Scheme + "://")
	if u.User != nil {
		out.WriteString(masked + "@")
	}

	out.WriteString(u.Host)
	for i, segment := range strings.Split(u.EscapedPath(), "/") {
		if i > 0 {
			out.WriteByte('/')
		}
		if len(segment) >= shortest {
			segment = maskWord(segment)
		}
		out.WriteString(segment)
	}

	for i, pair := range strings.Split(u.RawQuery, "&") {
		if u.RawQuery == "" {
			break
		}
		name, value, _ := strings.Cut(pair, "=")
		if value == "" { // the name may be the key itself
			name, value = "", name
		} else {
			name += "="
		}
		out.WriteString(map[bool]string{true: "?", false: "&"}[i == 0] + name + maskWord(value))
	}

	if u.Fragment != "" {
		out.WriteString("#" + masked)
	}
	return out.String()
}

// unmask gives the stored secret for its unchanged mask, and any other text as it is. It is false for a text with a part
// that is still hidden.
func unmask(text, stored string, mask func(string) string) (string, bool) {
	if !strings.Contains(text, "•") {
		return text, true
	}
	return stored, stored != "" && text == mask(stored)
}
