package e2e

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spinscope/examples/exampletest"
)

// command is what a shell makes of a line.
func (p *page) command(line string) *exec.Cmd {
	cmd := commandIn(p.T, p.dir, "bash", "-c", p.here(line))
	cmd.Env = p.env
	return cmd
}

// runs expects that a command succeeds.
func (p *page) runs(b block) {
	p.Helper()
	cmd := p.command(b.text)
	if out, err := cmd.CombinedOutput(); err != nil {
		p.Errorf("%s:%d: %s: %v\n%s", b.file, b.line, b.text, err, out)
	}
}

// answers expects that a command with curl gets what it asks for.
func (p *page) answers(b block) {
	p.Helper()
	needs(p.T, "curl")
	out, err := p.command(strings.ReplaceAll(b.text, "curl -s ", "curl -sS --fail-with-body ")).CombinedOutput()
	if !json.Valid(out) || err != nil {
		p.Errorf("%s:%d: %s: %v\n%.500s", b.file, b.line, b.text, err, out)
	}
}

// stays starts a command that ends with a signal. To the shell it is the last one, so that the signal is the command's.
func (p *page) stays(b block) (*process, *capture) {
	p.Helper()
	out := &capture{}
	return launchIn(p.T, p.dir, b.text, p.env, out, "bash", "-c", "exec "+p.here(b.text)), out
}

// streams expects something of a stream.
func (p *page) streams(b block) {
	p.Helper()
	needs(p.T, "curl")
	r, out := p.stays(b)
	await(p.T, b.text, func() error {
		if err := r.alive(); err != nil {
			p.Fatal(err)
		}
		if !regexp.MustCompile(`(?m)^data: ?\{`).MatchString(out.String()) {
			return errNotYet
		}
		return nil
	})
	r.kill()
}

// serves waits until the server that a line starts is ready, and ends it.
func (p *page) serves(b block) {
	p.Helper()
	const address = "server.addr"
	for _, before := range p.found(address) {
		if err := os.Remove(before); err != nil {
			p.Fatal(err)
		}
	}

	r, _ := p.stays(b)
	await(p.T, b.text, func() error {
		if err := r.alive(); err != nil {
			p.Fatal(err)
		}
		for _, path := range p.found(address) {
			line, err := os.ReadFile(path) //nolint:gosec // the test's own
			if err != nil {
				return err
			}
			if status, _, err := try(http.MethodGet, "http://"+strings.TrimSpace(string(line))+"/readyz", nil, nil); err == nil && status == http.StatusOK {
				return nil
			}
		}
		return errNotYet
	})
	r.end()
}

// found are the files of a name in the document's directory. Files that come and go meanwhile may be missed.
func (p *page) found(name string) (paths []string) {
	_ = filepath.WalkDir(p.dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == name {
			paths = append(paths, path)
		}
		return nil
	})
	return paths
}

// installsPython is runs in a fresh virtual environment of Python. What the readers of exports need is there already, so that no
// large package is loaded anew each time.
func (p *page) installsPython(b block) {
	p.Helper()
	python := p.reader("")[0]
	tool(p.T, p.dir, "python3", "-m", "venv", p.venv())

	link := "import sysconfig; print(sysconfig.get_path('purelib'))"
	there, err := exec.CommandContext(p.Context(), python, "-c", link).Output()
	if err != nil {
		p.Fatal(err)
	}
	own, err := exec.CommandContext(p.Context(), filepath.Join(p.venv(), "bin", "python"), "-c", link).Output() //nolint:gosec // the test's own
	if err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(strings.TrimSpace(string(own)), "readers.pth"), there, 0o600); err != nil {
		p.Fatal(err)
	}

	p.env = append(p.env, "PATH="+filepath.Join(p.venv(), "bin")+string(filepath.ListSeparator)+os.Getenv("PATH"))
	p.runs(b)
}

// reader is the command of a script in Python with what the readers of exports need. It skips a test without Python.
func (p *page) reader(script string) []string {
	p.Helper()
	return exampletest.PythonIn(p.Context(), p.T, filepath.Join(root, "backend", "export", "testdata", "readers"), script).Args
}

func (p *page) venv() string { return filepath.Join(p.dir, "venv") }

// inGoModule is runs in a module with the document's program, which Go looks at to know what is needed.
func (p *page) inGoModule(b block) {
	p.Helper()
	if _, err := os.Stat(filepath.Join(p.dir, "go.mod")); err != nil {
		p.write("go.mod", "module example\n\ngo 1.24\n")
		for _, other := range p.blocks {
			if other.kind == "go" {
				p.write("main.go", p.source(other))
			}
		}
	}
	p.runs(b)
}

// write writes a file into the document's directory.
func (p *page) write(name, text string) (path string) {
	p.Helper()
	path = filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.Fatal(err)
	}
	return path
}

// source is a program with what its document leaves out.
func (p *page) source(b block) string {
	p.Helper()
	one := programOf(b)
	if one == nil {
		p.Fatalf("%s:%d: a program of which nobody says what it prints: say it in listings", b.file, b.line)
	}
	return p.here(one.before + b.text + one.after)
}

// program runs a program until it has printed what it should, and nothing else went wrong.
func (p *page) program(b block) {
	p.Helper()
	text := p.source(b)
	argv := map[string]func(string) []string{"js": p.node, "ts": p.typeScript, "python": p.python, "go": p.goProgram}[b.kind](text)
	out := &capture{}
	r := launchIn(p.T, p.dir, b.file, p.env, out, argv...)
	p.prints(b, out, r)
	if said := r.stderr.String(); said != "" {
		p.Errorf("%s:%d: it said %s", b.file, b.line, said)
	}
	if r.running() {
		r.kill()
	} else if code := r.wait(); code != 0 {
		p.Errorf("%s:%d: exit code %d", b.file, b.line, code)
	}
}

// prints waits until lines of all patterns were printed, or the program has ended.
func (p *page) prints(b block, out *capture, r *process) {
	p.Helper()
	for _, pattern := range programOf(b).shows {
		line := regexp.MustCompile("(?m)" + pattern)
		await(p.T, b.file+" to print "+pattern, func() error {
			ended := !r.running()
			if line.MatchString(out.String()) {
				return nil
			}
			if ended {
				p.Fatalf("%s:%d: nothing like %s in\n%s%s", b.file, b.line, pattern, out.String(), r.stderr.String())
			}
			return fmt.Errorf("it printed %.2000s", out.String())
		})
	}
}

// node is the command of a script that has socket.io-client, unless the document has installed something.
func (p *page) node(text string) []string {
	p.Helper()
	needs(p.T, "node")
	modules := filepath.Join(p.dir, "node_modules")
	if _, err := os.Lstat(modules); err != nil {
		exampletest.Node(p.Context(), p.T, "candles.mjs") // installs it
		if err := os.Symlink(filepath.Join(exampletest.Dir(p.T, "node"), "node_modules"), modules); err != nil {
			p.Fatal(err)
		}
	}
	return []string{"node", p.write("block.mjs", text)}
}

// typeScript compiles a script against what the document has installed.
func (p *page) typeScript(text string) []string {
	p.Helper()
	needs(p.T, "node")
	p.write("typed.mts", text)
	tool(p.T, p.dir, "node", filepath.Join(root, "frontend", "node_modules", "typescript", "bin", "tsc"),
		"--strict", "--target", "es2022", "--module", "nodenext", "typed.mts")
	return []string{"node", "typed.mjs"}
}

// python is the command of a script with what the document has installed, otherwise with what the readers of exports need.
func (p *page) python(text string) []string {
	p.Helper()
	script := p.write("block.py", text)
	if _, err := os.Stat(p.venv()); err == nil {
		return []string{filepath.Join(p.venv(), "bin", "python"), script}
	}
	return p.reader(script)
}

// goProgram builds what inGoModule wrote.
func (p *page) goProgram(string) []string {
	p.Helper()
	build := p.command("go build -o program .")
	if out, err := build.CombinedOutput(); err != nil {
		p.Fatalf("%v\n%s", err, out)
	}
	return []string{filepath.Join(p.dir, "program")}
}

// query asks DuckDB.
func (p *page) query(b block) {
	p.Helper()
	one := programOf(b)
	if one == nil {
		p.Fatalf("%s:%d: a query of which nobody says what it finds: say it in listings", b.file, b.line)
	}
	if one.before != "" {
		p.runs(block{b.file, b.line, "sh", one.before})
	}

	p.write("query.sql", p.here(b.text))
	argv := p.python("import duckdb\nfor row in duckdb.sql(open('query.sql').read()).fetchall(): print(row)\n")
	out := &capture{}
	r := launchIn(p.T, p.dir, b.file, p.env, out, argv...)
	p.prints(b, out, r)
	if code := r.wait(); code != 0 {
		p.Errorf("%s:%d: exit code %d", b.file, b.line, code)
	}
}

// json reads JSON. What is a file of the program's is read by it too.
func (p *page) json(b block) {
	p.Helper()
	var rules struct{ Rules []json.RawMessage }
	if err := json.Unmarshal([]byte(b.text), &rules); err != nil {
		p.Errorf("%s:%d: %v", b.file, b.line, err)
	}
	if rules.Rules == nil {
		return
	}

	dir := p.T.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "alerts.json"), []byte(b.text), 0o600); err != nil {
		p.Fatal(err)
	}
	out, err := p.command("spinscope alert list --data-dir " + dir).Output()
	if lines := strings.Split(strings.TrimSpace(string(out)), "\n"); err != nil || len(lines) < len(rules.Rules) {
		p.Errorf("%s:%d: %v, listed are\n%s", b.file, b.line, err, out)
	}
}

// configuration has the program read settings: what it then misses is a market, in an empty directory.
func (p *page) configuration(b block) {
	p.Helper()
	path := filepath.Join(p.T.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(b.text), 0o600); err != nil {
		p.Fatal(err)
	}
	out, _ := p.command("spinscope export gaps --data-dir " + p.T.TempDir() + " --config " + path).CombinedOutput()
	if !strings.Contains(string(out), "no market is stored there") {
		p.Errorf("%s:%d: %s", b.file, b.line, out)
	}
}

// unit is the unit of the packages, where the program lies elsewhere.
func (p *page) unit(b block) {
	p.Helper()
	packaged, err := os.ReadFile(filepath.Join(root, "build", "linux", "spinscope.service"))
	if err != nil {
		p.Fatal(err)
	}
	text := regexp.MustCompile(`(?m)^Documentation=.*\n`).ReplaceAllString(string(packaged), "")
	if text = strings.ReplaceAll(text, "/usr/bin", "/usr/local/bin"); text != b.text {
		p.Errorf("%s:%d: the unit is not build/linux/spinscope.service, which is\n%s", b.file, b.line, text)
	}
}

// figure is a picture, or what a program prints. Nobody types it.
func (p *page) figure(b block) {
	p.Helper()
	for i, line := range strings.Split(b.text, "\n") {
		words := strings.Fields(strings.TrimPrefix(line, "$ "))
		if len(words) > 1 && slices.Contains([]string{"spinscope", "curl", "make", "npm", "node", "pip", "python3", "go", "sudo", "docker", "apt", "systemctl"}, words[0]) {
			p.Errorf("%s:%d: a command in a block of kind text, which nobody runs: %s", b.file, b.line+1+i, line)
		}
	}
}

// elsewhere is for what cannot be tried here, and why. What it names must be there, and so must what tries it.
func elsewhere(why string, there ...func(*page, block)) func(*page, block) {
	return func(p *page, b block) {
		p.Logf("%s:%d is not tried here: %s", b.file, b.line, why)
		for _, check := range there {
			check(p, b)
		}
	}
}

// named expects words in a file of the repository.
func named(file string, words ...string) func(*page, block) {
	return func(p *page, b block) {
		text, err := os.ReadFile(filepath.Join(root, file)) //nolint:gosec // the repository's own
		if err != nil {
			p.Fatal(err)
		}
		for _, one := range words {
			if !strings.Contains(string(text), one) {
				p.Errorf("%s:%d: %s has no %s, by which it was tried", b.file, b.line, file, one)
			}
		}
	}
}

// targets expects that make knows what a line makes.
func targets(p *page, b block) {
	p.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		p.Fatal(err)
	}
	for _, called := range regexp.MustCompile(`\bmake ([a-z0-9-]+)`).FindAllStringSubmatch(b.text, -1) {
		if !regexp.MustCompile(`(?m)^` + called[1] + `:`).Match(text) {
			p.Errorf("%s:%d: there is no make %s", b.file, b.line, called[1])
		}
	}
}

// npmScripts expects that the page has the scripts that a line runs.
func npmScripts(p *page, b block) {
	p.Helper()
	text, err := os.ReadFile(filepath.Join(root, "frontend", "package.json"))
	if err != nil {
		p.Fatal(err)
	}
	var described struct{ Scripts map[string]string }
	if err := json.Unmarshal(text, &described); err != nil {
		p.Fatal(err)
	}
	for _, called := range regexp.MustCompile(`\bnpm run ([a-z0-9:-]+)`).FindAllStringSubmatch(b.text, -1) {
		if described.Scripts[called[1]] == "" {
			p.Errorf("%s:%d: there is no npm run %s", b.file, b.line, called[1])
		}
	}
}

// needs skips a test without a program.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("SKIPPED: %s is not installed, so what the document has of it was not tried", program)
	}
}
