package porttest_test

import (
	"net"
	"testing"

	"spinscope/backend/porttest"
)

func TestFree(t *testing.T) {
	address := porttest.Free(t)
	for range 2 {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if port := listener.Addr().(*net.TCPAddr).Port; port < 1024 || port >= 32_768 {
			t.Errorf("port %d is one that the system may give to anybody", port)
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
