package server

import (
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
)

// compressFrom is the size from which an answer is worth compressing.
const compressFrom = 16 << 10

var gzips = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // the level is valid
	return w
}}

// compress gzips large answers for clients that take it. Clients on this machine get them plain: there the bytes are
// cheaper than the work.
func compress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || !takesGzip(r) || isLocal(r) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Add("Vary", "Accept-Encoding")
		c := &compressor{ResponseWriter: w}
		finished := false
		defer func() { c.end(finished) }()
		next.ServeHTTP(c, r)
		finished = true
	})
}

func takesGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(part, ";")
		if strings.TrimSpace(name) == "gzip" && strings.ReplaceAll(weight, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

func isLocal(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// compressor decides at the first write: an answer that begins with a large piece of text is compressed.
type compressor struct {
	http.ResponseWriter
	gzip   *gzip.Writer
	status int
	begun  bool
}

// Unwrap gives http.ResponseController the connection.
func (c *compressor) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// WriteHeader waits for the first write, which decides on the headers.
func (c *compressor) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

func (c *compressor) Write(p []byte) (int, error) {
	if !c.begun {
		c.begin(len(p))
	}
	if c.gzip != nil {
		return c.gzip.Write(p)
	}
	return c.ResponseWriter.Write(p)
}

func (c *compressor) begin(size int) {
	c.begun = true
	header := c.Header()
	kind := header.Get("Content-Type")
	text := strings.HasPrefix(kind, "text/") || strings.Contains(kind, "json")
	if text && size >= compressFrom && header.Get("Content-Encoding") == "" {
		header.Set("Content-Encoding", "gzip")
		header.Del("Content-Length")
		c.gzip = gzips.Get().(*gzip.Writer)
		c.gzip.Reset(c.ResponseWriter)
	}
	if c.status != 0 {
		c.ResponseWriter.WriteHeader(c.status)
	}
}

// end finishes the answer. One that broke off is left without its trailer: the client must not take it for whole.
func (c *compressor) end(finished bool) {
	if !c.begun {
		c.begin(0)
	}
	if c.gzip == nil {
		return
	}
	if finished {
		_ = c.gzip.Close() // the client is gone if it fails
	}
	c.gzip.Reset(io.Discard)
	gzips.Put(c.gzip)
}
