//go:build desktop && devtools

package app

import (
	"fmt"
	"net"
	"os"
	"strconv"
)

// furtherEnv is the environment of a further window. Its page's inspector listens on the port after that of the window
// before it: tests look into each.
func furtherEnv(place int) []string {
	const inspector = "WEBKIT_INSPECTOR_HTTP_SERVER"
	host, text, err := net.SplitHostPort(os.Getenv(inspector))
	if err != nil {
		return os.Environ()
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return os.Environ()
	}
	return append(os.Environ(), fmt.Sprintf("%s=%s:%d", inspector, host, port+place-1))
}
