package exampletest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

const installTimeout = 5 * time.Minute

// Dir is the folder of an example: "node", "typescript", "python", "go" or "browser".
func Dir(t testing.TB, name string) string {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("the source file's place is not known")
	}
	return filepath.Join(filepath.Dir(filepath.Dir(file)), name)
}

// Node is a command that runs a script with Node.js in examples/node, where socket.io-client is installed. A relative
// script is one of that folder. The command ends with ctx.
func Node(ctx context.Context, t testing.TB, script string, args ...string) *exec.Cmd {
	t.Helper()
	return NodeIn(ctx, t, Dir(t, "node"), script, args...)
}

// NodeIn is Node with what the package-lock.json in dir names.
func NodeIn(ctx context.Context, t testing.TB, dir, script string, args ...string) *exec.Cmd {
	t.Helper()
	node, npm := find(t, "node"), find(t, "npm")
	install(t, dir, filepath.Join("node_modules", ".spinscope"), func() {
		run(t, dir, npm, "ci", "--no-audit", "--no-fund", "--loglevel=error")
	}, "package-lock.json")
	return command(ctx, dir, node, append([]string{script}, args...))
}

// TypeScript is a command that runs the program of examples/typescript. What `npm start` does before that, it does when
// something has changed: tsc checks and compiles the program and the client package that the page uses too. The command
// ends with ctx.
func TypeScript(ctx context.Context, t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	node, npm := find(t, "node"), find(t, "npm")
	dir := Dir(t, "typescript")
	sources, err := filepath.Glob(filepath.Join(dir, "..", "..", "frontend", "src", "api", "client", "*.*"))
	if err != nil || len(sources) == 0 {
		t.Fatalf("the client package is not where it was: %v", err)
	}

	wanted := []string{"package-lock.json", "package.json", "tsconfig.json", "candles.ts"}
	for _, source := range sources {
		relative, err := filepath.Rel(dir, source)
		if err != nil {
			t.Fatal(err)
		}
		wanted = append(wanted, relative)
	}

	install(t, dir, filepath.Join("node_modules", ".spinscope"), func() {
		run(t, dir, npm, "ci", "--no-audit", "--no-fund", "--loglevel=error")
		run(t, dir, npm, "run", "build", "--", "--force")
	}, wanted...)
	return command(ctx, dir, node, append([]string{filepath.Join("dist", "candles.js")}, args...))
}

// Python is a command that runs a script with the virtual environment of examples/python, where python-socketio is
// installed. A relative script is one of that folder. The command ends with ctx.
func Python(ctx context.Context, t testing.TB, script string, args ...string) *exec.Cmd {
	t.Helper()
	return PythonIn(ctx, t, Dir(t, "python"), script, args...)
}

// PythonIn is Python with a virtual environment in dir, made of the requirements.txt there.
func PythonIn(ctx context.Context, t testing.TB, dir, script string, args ...string) *exec.Cmd {
	t.Helper()
	python := find(t, "python3")
	venv := filepath.Join(dir, ".venv")
	inside := filepath.Join(venv, "bin", "python")
	install(t, dir, filepath.Join(".venv", ".spinscope"), func() {
		if err := exec.CommandContext(t.Context(), python, "-c", "import ensurepip, venv").Run(); err != nil {
			t.Skip("SKIPPED: python3 has no venv module (Debian: apt-get install python3-venv)")
		}
		run(t, dir, python, "-m", "venv", "--clear", venv)
		pip(t, dir, inside)
	}, "requirements.txt")
	return command(ctx, dir, inside, append([]string{"-u", script}, args...))
}

// pip installs the requirements in dir, or skips the test when the package index cannot be reached.
func pip(t testing.TB, dir, python string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), installTimeout)
	defer cancel()
	out, err := command(ctx, dir, python, []string{"-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"}).CombinedOutput()
	switch {
	case err != nil && bytes.Contains(out, []byte("connection broken")):
		t.Skipf("SKIPPED: PyPI cannot be reached, so nothing was tried in Python: %s", out)
	case err != nil:
		t.Fatalf("install in %s: %v\n%s", dir, err, out)
	}
}

// Go is a command that runs the program of examples/go, a module of its own, which is built first. The command ends with
// ctx.
func Go(ctx context.Context, t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	tool := find(t, "go")
	dir := Dir(t, "go")
	program := filepath.Join(t.TempDir(), "candles")
	build := command(t.Context(), dir, tool, []string{"build", "-buildvcs=false", "-o", program, "."})
	build.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build examples/go: %v\n%s", err, out)
	}
	return command(ctx, dir, program, args)
}

// Browser is a command that opens a page in headless Chromium and prints, as one JSON object a line, what its #status
// and the rows of its table show whenever that changes. It ends with its input.
func Browser(ctx context.Context, t testing.TB, url string) *exec.Cmd {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if program, err := exec.LookPath(name); err == nil {
			return Node(ctx, t, filepath.Join(Dir(t, "exampletest"), "browser.mjs"), program, url)
		}
	}
	t.Skip("SKIPPED: no Chromium is installed, so the example page was not tried")
	return nil
}

func find(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("SKIPPED: %s is not installed, so the example client was not tried", program)
	}
	return path
}

// install calls how unless stamp, a file in what it installs, holds the current text of the wanted files.
func install(t testing.TB, dir, stamp string, how func(), wanted ...string) {
	t.Helper()
	var text []byte
	for _, name := range wanted {
		part, err := os.ReadFile(filepath.Join(dir, name)) //nolint:gosec // the examples' own files
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, part...)
	}

	unlock := lock(t, filepath.Join(dir, ".install.lock"))
	defer unlock()

	if installed, err := os.ReadFile(filepath.Join(dir, stamp)); err == nil && bytes.Equal(installed, text) {
		return
	}
	how()
	if err := os.WriteFile(filepath.Join(dir, stamp), text, 0o600); err != nil { //nolint:gosec // in the examples' own folders
		t.Fatal(err)
	}
}

func run(t testing.TB, dir, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), installTimeout)
	defer cancel()
	if out, err := command(ctx, dir, program, args).CombinedOutput(); err != nil {
		t.Fatalf("install in %s: %s %v: %v\n%s", dir, program, args, err, out)
	}
}

func command(ctx context.Context, dir, program string, args []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // the examples' own programs
	cmd.Dir = dir
	cmd.WaitDelay = 5 * time.Second
	return cmd
}
