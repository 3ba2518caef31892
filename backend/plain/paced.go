package plain

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// pacedConn writes in pieces, each of which has its own time: it is progress that counts, not how long the whole takes.
type pacedConn struct {
	net.Conn
	stall time.Duration
	took  atomic.Pointer[func(n int)]

	stalled atomic.Bool // a piece was not taken in time
}

// Write implements net.Conn.
func (p *pacedConn) Write(data []byte) (total int, err error) {
	for len(data) > 0 {
		_ = p.Conn.SetWriteDeadline(time.Now().Add(p.stall))
		n, err := p.Conn.Write(data[:min(len(data), chunk)])
		total += n
		if took := p.took.Load(); took != nil && n > 0 {
			(*took)(n)
		}
		if err != nil {
			p.stalled.CompareAndSwap(false, errors.Is(err, os.ErrDeadlineExceeded))
			return total, err //nolint:wrapcheck // the library looks at it
		}
		data = data[n:]
	}
	return total, nil
}

// SetWriteDeadline does nothing: Write sets its own.
func (p *pacedConn) SetWriteDeadline(time.Time) error { return nil }
