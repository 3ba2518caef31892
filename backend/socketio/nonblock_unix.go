//go:build unix

package socketio

import (
	"errors"
	"net"
	"syscall"
)

// nonblock writes to a socket without ever waiting for it.
type nonblock struct {
	raw syscall.RawConn
	p   []byte
	n   int
	err error
	fn  func(fd uintptr) bool
}

// newNonblock returns nil when nc is not a plain socket.
func newNonblock(nc net.Conn) *nonblock {
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	w := &nonblock{raw: raw}
	w.fn = w.try
	return w
}

// write writes what the socket takes now: n < len(p) with a nil error means
// that it is full. Not safe for concurrent use.
func (w *nonblock) write(p []byte) (n int, err error) {
	w.p, w.n, w.err = p, 0, nil
	if err := w.raw.Write(w.fn); err != nil {
		return 0, err
	}
	w.p = nil
	return w.n, w.err
}

func (w *nonblock) try(fd uintptr) bool {
	for len(w.p) > 0 {
		n, err := syscall.Write(int(fd), w.p)
		switch {
		case err == nil:
			w.n += n
			w.p = w.p[n:]
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			return true
		default:
			w.err = err
			return true
		}
	}
	return true
}
