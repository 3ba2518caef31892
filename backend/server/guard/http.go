package guard

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"strings"

	"spinscope/backend/wire"
)

// ErrToken is returned when a token is needed and the request has none or a wrong one.
var ErrToken = errors.New("a valid token is needed: send Authorization: Bearer TOKEN")

// Wrap puts the Host and Origin checks and the CORS headers before next. It answers CORS preflights itself. It does not
// ask for the token; Authorize does.
func (g *Guard) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Add("Vary", "Origin")
		if err := g.Check(r); err != nil {
			refuse(w, http.StatusForbidden, err)
			return
		}

		origin := r.Header.Get("Origin")
		if g.readable(origin) {
			header.Set("Access-Control-Allow-Origin", origin)
			header.Set("Access-Control-Expose-Headers", "Content-Disposition")
		}

		if r.Method == http.MethodOptions && origin != "" && r.Header.Get("Access-Control-Request-Method") != "" {
			g.preflight(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// readable reports whether the page of an origin that passed may read answers. The app's own window always may: its page
// comes from another origin than the server, and without the headers it would be blind.
func (g *Guard) readable(origin string) bool {
	return origin != "" && (g.cors || slices.Contains(appOrigins, origin))
}

func (g *Guard) preflight(w http.ResponseWriter, r *http.Request) {
	if g.readable(r.Header.Get("Origin")) {
		header := w.Header()
		header.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS")
		header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		header.Set("Access-Control-Max-Age", "600")
		if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
			header.Set("Access-Control-Allow-Private-Network", "true") // Chromium asks it of loopback servers
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// Authorize lets requests pass to next only with the token, if one is set. It looks at the Authorization header alone:
// a token in a URL would end in logs and histories.
func (g *Guard) Authorize(next http.Handler) http.Handler {
	if !g.needsToken {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !g.Token(Bearer(r)) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="spinscope"`)
			refuse(w, http.StatusUnauthorized, ErrToken)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// NeedsToken reports whether a token is set.
func (g *Guard) NeedsToken() bool { return g.needsToken }

// Token reports whether token is the right one, in time that does not depend on it; always true when none is set.
func (g *Guard) Token(token string) bool {
	if !g.needsToken {
		return true
	}
	hash := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(hash[:], g.tokenHash[:]) == 1
}

// Bearer is the token in r's Authorization header, or "".
func Bearer(r *http.Request) string {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return ""
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

func (g *Guard) setToken(token string) {
	g.needsToken = token != ""
	g.tokenHash = sha256.Sum256([]byte(token))
}

func refuse(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(wire.AppendFailure(nil, err.Error())) //nolint:gosec // JSON, escaped for HTML too; the client is gone if it fails
}
