// Command gen writes the TypeScript twin of package wire. It reads the Go source of the directory it runs in: every
// exported type with JSON names becomes an interface, and a type marked //ts:type becomes what the mark says. So do the shapes
// of events that package program and the programs' packages describe in shape.go and shapes.go; a type marked //ts:events is
// any of those.
//
//	go generate ./backend/wire
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	out := flag.String("out", "", "file to write")
	flag.Parse()
	if err := run(".", *out); err != nil {
		fmt.Fprintln(os.Stderr, "wire/gen:", err)
		os.Exit(1)
	}
}

// programs is where the programs' packages lie, from that of package wire.
const programs = "../program"

func run(dir, out string) error {
	text, err := generate(dir, filepath.Join(dir, programs))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil { //nolint:gosec // source tree, meant to be read
		return err
	}
	return os.WriteFile(out, text, 0o644) //nolint:gosec // source file, meant to be read
}
