// Command gen writes the TypeScript twin of package wire. It reads the Go source of the directory it runs in: every
// exported type with JSON names becomes an interface, and a type marked //ts:type becomes what the mark says. So do the shapes
// of events that package program and the programs' packages describe in shape.go and shapes.go; a type marked //ts:events is
// any of those. It also
// writes what the page and the documents know of the intervals, which are declared in package market.
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
	root := flag.String("root", "", "folder of the repository")
	flag.Parse()
	if err := run(".", *root); err != nil {
		fmt.Fprintln(os.Stderr, "wire/gen:", err)
		os.Exit(1)
	}
}

// programs is where the programs' packages lie, from that of package wire.
const programs = "../program"

// The files that are written, below the root.
const (
	typesFile = "frontend/src/api/client/wire.gen.ts"
	tableFile = "frontend/src/market/interval.gen.ts"
	pageFile  = "docs/intervals.md"
)

// files makes what is written, by name.
func files(dir string) (map[string][]byte, error) {
	types, err := generate(dir, filepath.Join(dir, programs))
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		typesFile: append(types, intervalType()...),
		tableFile: intervalTable(),
		pageFile:  intervalPage(),
	}, nil
}

func run(dir, root string) error {
	texts, err := files(dir)
	if err != nil {
		return err
	}
	for name, text := range texts {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // source tree, meant to be read
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil { //nolint:gosec // source file, meant to be read
			return err
		}
	}
	return nil
}
