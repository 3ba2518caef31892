package server

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed docs
var docsFiles embed.FS

// policy is what the page may do. The app's page, served by Wails, has the same in its index.html.
func policy(host string) string {
	own := ""
	if host != "" && strings.Trim(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]") == "" {
		own = " ws://" + host + " wss://" + host // older browsers do not count WebSockets to 'self'
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; " +
		"img-src 'self' data: http://127.0.0.1:*; connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:*" + own + "; " +
		"base-uri 'none'; form-action 'none'; object-src 'none'; frame-ancestors 'none'"
}

// page serves the built front end. Names that Vite hashed are kept by browsers for a year; the rest is asked for again
// each time and answered 304 while it is the same.
func page(files fs.FS) http.Handler {
	if files != nil {
		if _, err := fs.Stat(files, "index.html"); err == nil {
			return &static{files: files, hashed: "assets/"}
		}
	}
	return http.HandlerFunc(unbuilt)
}

func unbuilt(w http.ResponseWriter, r *http.Request) {
	if !readOnly(w, r) {
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if r.URL.Path != "/" {
		w.WriteHeader(http.StatusNotFound)
	}
	_, _ = w.Write([]byte("This Spinscope was built without its page. Run `make build` and start it again.\n" +
		"The API works: see /docs, /api/events/status and the Socket.IO namespaces /ws/kline and /kline.\n"))
}

// docsPage serves the description of the API for people.
func docsPage() http.Handler {
	files, err := fs.Sub(docsFiles, "docs")
	if err != nil { // a constant path that embed has checked
		files = docsFiles
	}
	pages := &static{files: files}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/docs/")
		if name == "" {
			name = "index.html"
		}
		pages.serve(w, r, name)
	})
}

// redirect leads elsewhere. The address stays relative, which http.Redirect would not leave it: a reverse proxy may have
// put the server below a path that only the browser knows.
func redirect(to string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !readOnly(w, r) {
			return
		}
		w.Header().Set("Location", to)
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusFound)
	})
}

// static serves files with an ETag of their content.
type static struct {
	files  fs.FS
	hashed string // prefix of names that change with the content; "" for none
}

// ServeHTTP implements http.Handler.
func (s *static) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if name == "" {
		name = "index.html"
	}
	s.serve(w, r, name)
}

func (s *static) serve(w http.ResponseWriter, r *http.Request, name string) {
	if !readOnly(w, r) {
		return
	}
	content, err := fs.ReadFile(s.files, name)
	if err != nil || !fs.ValidPath(name) {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "not found", http.StatusNotFound)
		return
	}

	header := w.Header()
	if s.hashed != "" && strings.HasPrefix(name, s.hashed) {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		header.Set("Cache-Control", "no-cache")
	}

	if strings.HasSuffix(name, ".html") {
		header.Set("Content-Security-Policy", policy(r.Host))
	}
	if kind := contentTypes[path.Ext(name)]; kind != "" { // a system's own table may say otherwise
		header.Set("Content-Type", kind)
	}

	sum := sha256.Sum256(content)
	header.Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}

var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".json": "application/json", ".woff2": "font/woff2", ".png": "image/png", ".map": "application/json",
}

// readOnly refuses everything but GET and HEAD.
func readOnly(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	http.Error(w, "only GET and HEAD are taken here", http.StatusMethodNotAllowed)
	return false
}
