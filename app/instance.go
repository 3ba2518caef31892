//go:build desktop

package app

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"
)

// errAlreadyOpen is returned by claim when another process has a window on the data directory; it was told to show it.
var errAlreadyOpen = errors.New("already open")

// instanceFile is the socket in the data directory that a second start calls.
const instanceFile = "window.sock"

// instance makes this process the one with the window. Its zero value claims nothing.
type instance struct{ listener net.Listener }

// claim makes this process the one with a window on dir, or calls the one that is. show runs for each second start.
// The library has a lock for this, but on Linux it looks at it only after the start of the app, needs a message bus, and
// ends the second process with an error.
func claim(dir string, show func()) (instance, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return instance{}, fmt.Errorf("data directory: %w", err)
	}
	path := filepath.Join(dir, instanceFile)
	if call(path) == nil {
		return instance{}, errAlreadyOpen
	}

	// Nobody answers: what lies there was left by a crash.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return instance{}, fmt.Errorf("remove the last window's socket: %w", err)
	}

	listener, err := net.Listen("unix", path)
	if err != nil {
		return instance{}, fmt.Errorf("listen for a second start: %w", err)
	}

	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			show()
			_, _ = conn.Write([]byte("shown\n"))
			_ = conn.Close()
		}
	}()

	return instance{listener}, nil
}

// call asks the process behind the socket to show its window.
func call(path string) error {
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(3 * time.Second)); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 8))
	return err
}

// Close gives the place free and removes the socket.
func (i instance) Close() {
	if i.listener != nil {
		_ = i.listener.Close()
	}
}
