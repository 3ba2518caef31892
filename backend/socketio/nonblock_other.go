//go:build !unix

package socketio

import "net"

// nonblock is not available here; every busy connection has its own goroutine.
type nonblock struct{}

func newNonblock(net.Conn) *nonblock { return nil }

func (*nonblock) write([]byte) (int, error) { return 0, nil }

func (*nonblock) read() (*[]byte, int, error) { return nil, 0, nil }
