package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// clientsOnly is what -only calls the clients' packages, which are for every system.
const clientsOnly = "clients"

// client is a client's package. In its name {v} is the version, {pep} the version as Python writes it.
type client struct {
	name string
	make func(m *maker, stage, to string) error // writes the file named; stage is an empty directory to work in
}

var clients = []client{
	{"spinscope-client-{v}.tgz", (*maker).npm},
	{"spinscope-{pep}-py3-none-any.whl", (*maker).wheel},
	{"spinscope-client-go-{v}.tar.gz", (*maker).module},
}

func (c client) file(version string) string {
	return strings.NewReplacer("{v}", version, "{pep}", pep(version)).Replace(c.name)
}

var ofDevelopment = regexp.MustCompile(`-dev(\.(\d+))?`)

// pep is a version as Python writes it: 0.2.0-dev.3 is 0.2.0.dev3.
func pep(version string) string {
	return ofDevelopment.ReplaceAllStringFunc(version, func(part string) string {
		commits := strings.TrimPrefix(strings.TrimPrefix(part, "-dev"), ".")
		if commits == "" {
			commits = "0"
		}
		return ".dev" + commits
	})
}

// packClients makes the clients' packages.
func (m *maker) packClients() error {
	for i, c := range clients {
		name := c.file(m.version)
		stage := filepath.Join(m.work, "clients", strconv.Itoa(i)) // npm would take NAME.tgz for a package
		if err := os.MkdirAll(stage, 0o755); err != nil {
			return err
		}
		made := filepath.Join(m.work, name)
		if err := c.make(m, stage, made); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := m.keep(made); err != nil {
			return err
		}
	}
	return nil
}

// sources are the files of a directory of the repository, with the licence, without tests and what was built of them.
func (m *maker) sources(dir string, left ...string) (tree, error) {
	all := tree{}
	if err := all.add("", filepath.Join(m.root, dir)); err != nil {
		return nil, err
	}
	for name := range all {
		for _, pattern := range left {
			if ok, err := filepath.Match(pattern, filepath.Base(name)); err != nil {
				return nil, err
			} else if ok || strings.HasPrefix(name, pattern+"/") || strings.Contains(name, "/"+pattern+"/") {
				delete(all, name)
			}
		}
	}
	all["LICENSE"] = entry{from: filepath.Join(m.root, "LICENSE")}
	return all, nil
}

// npm makes the package that npm installs: the sources that the page is built from, compiled, with their types.
func (m *maker) npm(stage, to string) error {
	files, err := m.sources("frontend/src/api/client", "*.test.ts", "dist", "node_modules")
	if err != nil {
		return err
	}
	text, err := files["package.json"].content()
	if err != nil {
		return err
	}
	if text, err = published(text, m.version); err != nil {
		return err
	}
	files["package.json"] = entry{text: text}
	if err := files.write(stage, m.time); err != nil {
		return err
	}

	// The compiler looks for socket.io-client's types upwards from the sources.
	modules := filepath.Join(m.root, "frontend", "node_modules")
	link := filepath.Join(stage, "node_modules")
	if err := os.Symlink(modules, link); err != nil {
		return err
	}
	if err := m.command(nil, "node", filepath.Join(modules, "typescript", "bin", "tsc"), "-p", stage, "--composite", "false", "--declaration"); err != nil {
		return err
	}
	if err := os.Remove(link); err != nil {
		return err
	}

	packed := filepath.Join(m.work, "clients")
	if err := m.command(nil, "npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", packed, stage); err != nil {
		return err
	}
	found, err := filepath.Glob(filepath.Join(packed, "spinscope-client-*.tgz"))
	if err != nil {
		return err
	}
	for _, path := range found {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return os.Rename(path, to)
		}
	}
	return fmt.Errorf("npm pack made nothing in %s", packed)
}

// published is a package.json with the version, and allowed to be published. What else it says stays in its order.
func published(text []byte, version string) ([]byte, error) {
	text = regexp.MustCompile(`(?m)^  "private": true,\n`).ReplaceAll(text, nil)
	text = regexp.MustCompile(`(?m)^  "version": "[^"]*"`).ReplaceAll(text, fmt.Appendf(nil, `  "version": %q`, version))
	var read struct {
		Version string
		Private bool
	}
	if err := json.Unmarshal(text, &read); err != nil {
		return nil, err
	}
	if read.Version != version || read.Private {
		return nil, fmt.Errorf("package.json has no version, or stays private")
	}
	return text, nil
}

// wheel makes the package that pip installs.
func (m *maker) wheel(stage, to string) error {
	files, err := m.sources("frontend/clients/python", "*.pyc", "__pycache__", ".mypy_cache", "tests")
	if err != nil {
		return err
	}
	text, err := files["pyproject.toml"].content()
	if err != nil {
		return err
	}
	version := regexp.MustCompile(`(?m)^version = "[^"]*"$`)
	if !version.Match(text) {
		return fmt.Errorf("pyproject.toml has no version")
	}
	files["pyproject.toml"] = entry{text: version.ReplaceAll(text, fmt.Appendf(nil, "version = %q", pep(m.version)))}
	if err := files.write(stage, m.time); err != nil {
		return err
	}

	packed := filepath.Join(m.work, "clients", "wheel")
	if err := m.command(nil, m.python, "-m", "flit_core.wheel", "--outdir", packed, stage); err != nil {
		return err
	}
	return os.Rename(filepath.Join(packed, filepath.Base(to)), to)
}

// module packs the Go module, for a go.mod to replace it by where it was unpacked.
func (m *maker) module(_, to string) error {
	files, err := m.sources("frontend/clients/go", "*_test.go")
	if err != nil {
		return err
	}
	return m.pack(files.under("spinscope-client-go"), to, gzipped)
}
