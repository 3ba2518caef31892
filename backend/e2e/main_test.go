package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

var (
	binary     string   // the program under test
	root       string   // the repository
	scratch    string   // for what all tests share
	buildFlags []string // more when the tests run under the race detector
)

func TestMain(m *testing.M) { os.Exit(build(m)) }

// build makes the program once for all tests.
func build(m *testing.M) int {
	if runtime.GOOS == "windows" {
		fmt.Fprintln(os.Stderr, "e2e: SKIPPED: these tests stop processes with signals that Windows does not have")
		return 0
	}

	var err error
	if root, err = filepath.Abs("../.."); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}

	dir, err := os.MkdirTemp("", "spinscope-e2e-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}

	defer func() { _ = os.RemoveAll(dir) }()
	scratch = dir
	if path := os.Getenv("SPINSCOPE_E2E_BINARY"); path != "" { // another build is to be tried
		binary = path
		return m.Run()
	}

	binary = filepath.Join(dir, "spinscope")
	cgo := "CGO_ENABLED=0" // the server needs neither GTK nor a C compiler
	if len(buildFlags) > 0 {
		cgo = "CGO_ENABLED=1"
	}

	args := append([]string{"build", "-buildvcs=false", "-o", binary}, buildFlags...)
	command := exec.Command("go", append(args, ".")...) //nolint:gosec,noctx // fixed arguments; go test's time limit ends it
	command.Dir, command.Env = root, append(os.Environ(), cgo)
	if out, err := command.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "e2e: build the program: %v\n%s", err, out)
		return 1
	}

	// Most of a test's time goes by waiting for the market: more of them than processors may run at once.
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	return m.Run()
}
