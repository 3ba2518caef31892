package socketio

import (
	"bufio"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"
)

// detachableWriter stands between the library and the response. The library may write from
// another goroutine after the request has ended, when the real writer belongs to
// someone else already; the detachableWriter is shut by then. It also keeps long sessions
// from holding on to the memory of their first request.
type detachableWriter struct {
	mu     sync.Mutex
	w      http.ResponseWriter // nil when shut
	header http.Header
	wrote  bool
	timed  bool // a write deadline is set
}

func newDetachableWriter(w http.ResponseWriter) *detachableWriter {
	return &detachableWriter{w: w, header: http.Header{}}
}

func (g *detachableWriter) detach() {
	g.mu.Lock()
	if g.timed {
		// The connection may serve another request, of another handler.
		_ = http.NewResponseController(g.w).SetWriteDeadline(time.Time{})
	}
	g.w = nil
	g.mu.Unlock()
}

// Header returns the headers to be sent by the first write.
func (g *detachableWriter) Header() http.Header { return g.header }

// WriteHeader sends the status once.
func (g *detachableWriter) WriteHeader(status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.writeHeader(status)
}

func (g *detachableWriter) writeHeader(status int) {
	if g.w == nil || g.wrote {
		return
	}
	g.wrote = true
	maps.Copy(g.w.Header(), g.header)
	g.w.WriteHeader(status)
}

// Write fails with [http.ErrHandlerTimeout] when the request has ended.
func (g *detachableWriter) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.w == nil {
		return 0, http.ErrHandlerTimeout
	}
	g.writeHeader(http.StatusOK)
	return g.w.Write(p)
}

// Hijack hands the connection over for an upgrade.
func (g *detachableWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.w == nil {
		return nil, nil, http.ErrHandlerTimeout
	}
	return http.NewResponseController(g.w).Hijack()
}

// writeBefore bounds how long the answer may take to be written.
func (g *detachableWriter) writeBefore(at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.w != nil {
		g.timed = http.NewResponseController(g.w).SetWriteDeadline(at) == nil
	}
}

// readBefore bounds how long the body may take to arrive; zero lifts the bound.
func (g *detachableWriter) readBefore(at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.w != nil {
		_ = http.NewResponseController(g.w).SetReadDeadline(at)
	}
}
