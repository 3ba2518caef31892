package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// path is where a built program lies.
func (m *maker) path(p program) string {
	name := p.kind + "-" + p.on.String()
	if p.on.os == "windows" {
		name += ".exe"
	}
	return filepath.Join(m.work, "bin", name)
}

// build builds a program, once, and returns its path. The flags are those of the Makefile, so that what it has built is
// not compiled again.
func (m *maker) build(p program) (string, error) {
	path := m.path(p)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	fmt.Println("building", filepath.Base(path))

	linked := fmt.Sprintf("-s -w -X spinscope/backend/cli.version=%s -X spinscope/backend/cli.commit=%s -X spinscope/backend/config.releaseKey=%s",
		m.version, m.commit, m.key)
	env := []string{"GOOS=" + p.on.os, "GOARCH=" + p.on.arch, "CGO_ENABLED=0"}
	args := []string{"build", "-trimpath", "-o", path}
	if p.kind == app {
		tags := "desktop,production"
		if p.on.os == "linux" {
			tags += ",webkit2_41"
			env[2] = "CGO_ENABLED=1" // GTK
		}
		args = append(args, "-tags", tags)
	}
	if p.on.os == "windows" {
		if p.kind == app {
			linked += " -H windowsgui"
		}
		object := filepath.Join(m.root, "resources_windows_"+p.on.arch+".syso") // go build takes it for what it is by its name
		if err := m.resources(p, object); err != nil {
			return "", fmt.Errorf("resources: %w", err)
		}
		defer os.Remove(object)
	}

	return path, m.command(env, "go", append(args, "-ldflags", linked, ".")...)
}
