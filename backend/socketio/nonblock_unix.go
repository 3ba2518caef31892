//go:build unix

package socketio

import (
	"errors"
	"io"
	"net"
	"syscall"
)

// nonblock writes to a socket without ever waiting for it, and reads from it without a buffer while it waits.
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

// read waits until the client has sent something, and takes a buffer only then. The buffer is the caller's to give back,
// also with an error. It fails with io.EOF at the end.
func (w *nonblock) read() (buf *[]byte, n int, err error) {
	wait := w.raw.Read(func(fd uintptr) bool {
		buf = reads.Get().(*[]byte)
		for {
			n, err = syscall.Read(int(fd), *buf)
			switch err { //nolint:errorlint // it is never wrapped, and errors.Is would need a larger stack
			case syscall.EINTR:
				continue
			case syscall.EAGAIN:
				reads.Put(buf)
				buf = nil
				return false
			}
			return true
		}
	})

	switch {
	case wait != nil:
		return buf, 0, wait
	case err != nil:
		return buf, 0, err
	case n == 0:
		return buf, 0, io.EOF
	}
	return buf, n, nil
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
