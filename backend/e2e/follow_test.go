package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"spinscope/backend/porttest"
)

// packing makes the clients' packages once for all tests, as `make clients` does.
var packing struct {
	sync.Once
	dir string
	err error
}

// pythons is a virtual environment with the Python client, made once for all tests.
var pythons struct {
	sync.Once
	dir string
}

// packed is the package of a client as it is published, of the name that pattern matches.
func packed(t *testing.T, pattern string) string {
	t.Helper()
	packing.Do(func() {
		packing.dir = filepath.Join(scratch, "clients")
		command := exec.Command("make", "--no-print-directory", "clients", "DIST="+packing.dir, "VERSION=0.0.1-dev.1") //nolint:gosec,noctx // go test's time limit ends it
		command.Dir, command.Env = root, append(os.Environ(), "SOURCE_DATE_EPOCH=1800000000", "GOFLAGS=-buildvcs=false")
		if out, err := command.CombinedOutput(); err != nil {
			packing.err = fmt.Errorf("make clients: %w\n%s", err, out)
		}
	})
	if packing.err != nil {
		t.Fatal(packing.err)
	}
	found, err := filepath.Glob(filepath.Join(packing.dir, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s is %v: %v", pattern, found, err)
	}
	return found[0]
}

// tool is a command in a directory that must succeed.
func tool(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("SKIPPED: %s is not installed, so its client was not tried", program)
	}
	if out, err := commandIn(t, dir, program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
}

// copied copies examples of examples/client into a directory.
func copied(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(root, "examples", "client", name)) //nolint:gosec // the examples' own files
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// installNode installs the npm package into a fresh directory, without the network: what the registry gives is in npm's own
// store by then.
func installNode(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := func() {
		if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"private": true, "type": "module"}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write()

	install := []string{"install", "--no-audit", "--no-fund", "--loglevel=error", packed(t, "spinscope-client-*.tgz")}
	tool(t, dir, "npm", append(install, "--prefer-offline")...)
	for _, name := range []string{"node_modules", "package-lock.json"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	write()
	tool(t, dir, "npm", append(install, "--offline")...)

	copied(t, dir, "follow.mjs", "bars.mjs")
	return dir
}

// installPython installs the wheel into a virtual environment, without the network: what it needs was loaded into a folder before.
func installPython(t *testing.T) string {
	t.Helper()
	wheel := packed(t, "spinscope-*.whl")
	if err := exec.CommandContext(t.Context(), "python3", "-c", "import ensurepip, venv").Run(); err != nil {
		t.Skip("SKIPPED: python3 has no venv module (Debian: apt-get install python3-venv), so the Python client was not tried")
	}

	pythons.Do(func() {
		dir := filepath.Join(scratch, "python")
		tool(t, root, "python3", "-m", "venv", dir)
		pip := func(args ...string) {
			tool(t, dir, filepath.Join(dir, "bin", "python"), append([]string{"-m", "pip", "--quiet", "--disable-pip-version-check"}, args...)...)
		}

		packages := []string{wheel, "aiohttp==3.12.15", "mypy==1.17.1"}
		pip(append([]string{"download", "--dest", "wheels"}, packages...)...)
		pip(append([]string{"install", "--no-index", "--find-links", "wheels"}, packages...)...)
		copied(t, dir, "follow.py", "bars.py")
		pythons.dir = dir
	})
	if pythons.dir == "" {
		t.Fatal("the Python client is not installed")
	}
	return pythons.dir
}

// buildGo builds the examples with the Go module as it is packed, and returns where they are.
func buildGo(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	tool(t, dir, "tar", "xzf", packed(t, "spinscope-client-go-*.tar.gz"))

	inside := filepath.Join(dir, "example")
	if err := os.CopyFS(inside, os.DirFS(filepath.Join(root, "examples", "client", "go"))); err != nil {
		t.Fatal(err)
	}
	tool(t, inside, "go", "mod", "edit", "-replace", "spinscope/client=../spinscope-client-go")
	tool(t, inside, "go", "build", "-buildvcs=false", "-o", dir+"/", "./...")
	return dir
}

// runner makes a command of an example, follow or bars, with its arguments.
type runner func(example string, args ...string) *exec.Cmd

// exampleClients installs each client with its examples.
var exampleClients = []struct {
	name    string
	install func(t *testing.T) runner
}{
	{"node", func(t *testing.T) runner {
		dir := installNode(t)
		return func(example string, args ...string) *exec.Cmd {
			return commandIn(t, dir, "node", append([]string{example + ".mjs"}, args...)...)
		}
	}},
	{"python", pythonExamples},
	{"go", func(t *testing.T) runner {
		dir := buildGo(t)
		return func(example string, args ...string) *exec.Cmd {
			for i, arg := range args { // flags come first
				if strings.HasPrefix(arg, "--") {
					args = slices.Concat(args[i:], args[:i])
					break
				}
			}
			return commandIn(t, dir, filepath.Join(dir, example), args...)
		}
	}},
}

func pythonExamples(t *testing.T) runner {
	t.Helper()
	dir := installPython(t)
	return func(example string, args ...string) *exec.Cmd {
		return commandIn(t, dir, filepath.Join(dir, "bin", "python"), append([]string{example + ".py"}, args...)...)
	}
}

// commandIn is a command in a directory that ends with the test.
func commandIn(t *testing.T, dir, program string, args ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, args...) //nolint:gosec // the tests' own commands
	command.Dir = dir
	return command
}

// update is a line that a follow example prints with --json.
type update struct {
	Type   string         `json:"type"`
	Cause  string         `json:"cause"`
	Reason string         `json:"reason"`
	From   *int64         `json:"from"`
	Start  *int64         `json:"start"` // as Python says it
	Store  string         `json:"store"`
	Seq    uint64         `json:"seq"`
	Candle map[string]any `json:"candle"`
}

// alike is a candle without what a push says of how it came.
func alike(candle map[string]any) map[string]any {
	one := maps.Clone(candle)
	delete(one, "update_type")
	delete(one, "update_count")
	for _, mark := range []string{"corrected", "provisional"} {
		if one[mark] == false {
			delete(one, mark)
		}
	}
	return one
}

// heard is what a reader has that does as an update says, and what it was told on the way.
type heard struct {
	candles map[int64]map[string]any
	resets  []update
	updates int
	seq     uint64
	store   string
}

// heardFrom reads what a follow example printed. Nothing comes twice, and between resets nothing goes back.
func heardFrom(lines []string) (*heard, error) {
	v := &heard{candles: map[int64]map[string]any{}}
	for _, line := range lines {
		var u update
		if err := json.Unmarshal([]byte(line), &u); err != nil {
			return nil, fmt.Errorf("%w: %q", err, line)
		}

		switch u.Type {
		case "watch":
			continue
		case "reset":
			if u.From == nil {
				u.From = u.Start
			}
			v.resets, v.seq = append(v.resets, u), 0
			for time := range v.candles {
				if u.From == nil || time >= *u.From {
					delete(v.candles, time)
				}
			}
		case "candle":
			v.updates++
			time := int64(u.Candle["time"].(float64)) //nolint:errcheck,forcetypeassert // every candle has one
			if u.Store == v.store && u.Seq < v.seq {
				return nil, fmt.Errorf("seq goes back from %d to %d", v.seq, u.Seq)
			}
			v.seq = u.Seq

			one := alike(u.Candle)
			if equal(v.candles[time], one) {
				return nil, fmt.Errorf("a candle comes twice: %s", line)
			}
			if one["trades"] == 0.0 {
				delete(v.candles, time)
			} else {
				v.candles[time] = one
			}
		default:
			return nil, fmt.Errorf("unknown update %q", line)
		}

		v.store = u.Store
	}
	return v, nil
}

func equal(one, other map[string]any) bool {
	return one != nil && maps.Equal(one, other)
}

// history are the candles of a mint as the server has them, from a time on.
func (s *server) history(mint, interval string, from int64) map[int64]map[string]any {
	all := map[int64]map[string]any{}
	for {
		var page struct {
			Klines  []map[string]any `json:"klines"`
			HasNext bool             `json:"has_next"`
		}
		s.get(fmt.Sprintf("/api/kline?mint=%s&interval=%s&from=%d&order_by=time_asc&limit=1000", mint, interval, from), &page)
		for _, candle := range page.Klines {
			from = int64(candle["time"].(float64)) + 1 //nolint:errcheck,forcetypeassert // every candle has one
			all[from-1] = alike(candle)
		}
		if !page.HasNext {
			return all
		}
	}
}

// reader is a follow example that runs.
type reader struct {
	*process
	out *capture
}

func (r *reader) heard() *heard {
	r.t.Helper()
	if err := r.alive(); err != nil {
		r.t.Fatal(err)
	}
	lines := r.out.lines()
	v, err := heardFrom(lines[:max(0, len(lines)-1)]) // the last one may be half written
	if err != nil {
		r.t.Fatalf("%s: %v", r.name, err)
	}
	return v
}

// awaitEqual waits until a reader has exactly what the server has.
func (r *reader) awaitEqual(s *server, mint, interval string, from int64) *heard {
	r.t.Helper()
	var v *heard
	await(r.t, r.name+" to have the server's candles", func() error {
		want := s.history(mint, interval, from)
		var err error
		if v, err = heardFrom(r.out.lines()); err != nil {
			r.t.Fatalf("%s: %v", r.name, err)
		}

		for _, time := range slices.Sorted(maps.Keys(want)) {
			if !equal(v.candles[time], want[time]) {
				return fmt.Errorf("candle %d is\n     %v\nwant %v", time, v.candles[time], want[time])
			}
		}
		if len(v.candles) != len(want) {
			return fmt.Errorf("%d candles, the server has %d", len(v.candles), len(want))
		}
		return nil
	})
	return v
}

// happened tells an event from others.
type happened struct {
	Signature string `json:"signature"`
	Ordinal   int    `json:"ordinal"`
}

// awaitEvents waits until a reader of events was told of all that the server has, but for those that were known when it began.
// One comes again only with a later commit, which changed something about it, and nothing was missed.
func (r *reader) awaitEvents(s *server, mint string, known map[happened]bool) {
	r.t.Helper()
	await(r.t, r.name+" to be told of everything", func() error {
		if err := r.alive(); err != nil {
			r.t.Fatal(err)
		}
		seen, at := map[happened]bool{}, map[happened]uint64{}
		for _, line := range r.out.lines() {
			var u struct {
				Type  string `json:"type"`
				Seq   uint64 `json:"seq"` // as Python says it
				Event struct {
					happened
					Seq uint64 `json:"seq"`
				} `json:"event"`
			}
			if err := json.Unmarshal([]byte(line), &u); err != nil {
				return err
			}
			seq := max(u.Seq, u.Event.Seq)
			if u.Type != "event" || seq == 0 || at[u.Event.happened] >= seq {
				r.t.Fatalf("%s: an event comes twice, or is none: %s", r.name, line)
			}
			seen[u.Event.happened], at[u.Event.happened] = true, seq
		}

		compared := 0
		for _, e := range s.events(mint) {
			one := happened{e.Signature, e.Ordinal}
			if known[one] {
				continue
			}
			if compared++; !seen[one] {
				return fmt.Errorf("it was not told of %+v", e)
			}
		}
		if compared == 0 {
			return errors.New("nothing happened since")
		}
		return nil
	})
}

// TestClientsFollowThroughKills installs each client from its package and has it follow a coin while the server is killed and
// started again, is one with another store at the same address, and is one whose data directory was put back from a copy. In
// the end each has exactly what the server has, was told nothing twice, and was told why when it began anew.
func TestClientsFollowThroughKills(t *testing.T) {
	t.Parallel()
	for _, c := range exampleClients {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			followThroughKills(t, c.name, c.install(t))
		})
	}

	t.Run("python, asyncio", func(t *testing.T) {
		t.Parallel()
		followThroughKills(t, "python, asyncio", pythonExamples(t), "--asyncio")
	})
}

// TestClientsReadBars has each client read all candles of a coin, page by page, and say what is missing.
func TestClientsReadBars(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--rate", "8", "--slot", "100ms", "--mints", "2", "--history", "25m", "--seed", "22")
	s := startServer(t, t.TempDir(), append(market.flags(), "--config", configured(t, "[solana]\nbackfill_limit = 20000\n"))...)
	caughtUp(t, s)
	mint := market.readLedger().busiest(1)[0]
	market.rested()

	want := s.history(mint, "s1", 0)
	if len(want) < 1001 {
		t.Fatalf("%d candles are no more than a page", len(want))
	}

	for _, c := range exampleClients {
		t.Run(c.name, func(t *testing.T) {
			run := c.install(t)
			for limit, rows := range map[string]int{"": len(want), "1100": min(1100, len(want))} {
				command := run("bars", mint, "s1", limit)
				var said capture
				command.Env = environment(t, "SPINSCOPE_URL="+s.url(""))
				command.Stderr = &said
				out, err := command.Output()
				if err != nil {
					t.Fatalf("%v: %s", err, said.String())
				}

				lines := strings.Split(strings.TrimSpace(string(out)), "\n")[1:]
				if len(lines) != rows {
					t.Errorf("%d candles, want %d", len(lines), rows)
				}

				before := int64(0)
				for _, line := range lines {
					fields := strings.Split(line, ",")
					time, err := strconv.ParseInt(fields[0], 10, 64)
					if err != nil || time <= before || len(fields) != 6 {
						t.Fatalf("%q after %d: %v", line, before, err)
					}
					before = time

					for i, name := range []string{"open", "high", "low", "close", "volume"} {
						if got, err := strconv.ParseFloat(fields[1+i], 64); err != nil || got != want[time][name] {
							t.Fatalf("%s of %d is %s, want %v", name, time, fields[1+i], want[time][name])
						}
					}
				}
			}
		})
	}
	s.end()
}

// TestPythonClient runs the Python client's own tests, checks its types, and has its frames have the columns that its README tells of.
func TestPythonClient(t *testing.T) {
	t.Parallel()
	dir := installPython(t)
	python := filepath.Join(dir, "bin", "python")
	tool(t, dir, python, "-m", "unittest", "discover", "-s", filepath.Join(root, "frontend", "clients", "python", "tests"))
	tool(t, dir, python, "-m", "mypy", "--strict", "--python-version", "3.9", "follow.py", "bars.py")
	tool(t, dir, python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pandas==2.3.1", "polars==1.35.2")
	tool(t, dir, python, filepath.Join(root, "backend", "e2e", "testdata", "frames.py"))
}

func followThroughKills(t *testing.T, name string, run runner, flags ...string) {
	t.Helper()
	const interval = "s1"
	market := startCluster(t, "--rate", "30", "--slot", "100ms", "--mints", "2", "--history", "4m", "--seed", "21",
		"--fault-drop", "0.05", "--fault-duplicate", "0.05", "--fault-fork", "0.05")
	port := porttest.Free(t)
	dir, other, copyOf := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "other"), filepath.Join(t.TempDir(), "copy")
	serve := func(dir string) *server {
		return startServer(t, dir, append(market.flags(), "--listen", port)...)
	}

	s := serve(dir)
	caughtUp(t, s)
	mint := market.readLedger().busiest(1)[0]
	var first struct {
		Klines []struct{ Time int64 } `json:"klines"`
	}
	s.get("/api/kline?mint="+mint+"&interval="+interval+"&order_by=time_asc&limit=1", &first)
	from := first.Klines[0].Time

	follow := func(name string, args ...string) *reader {
		out, command := &capture{}, run("follow", slices.Concat(args, []string{"--url", "http://" + port, "--json"}, flags)...)
		return &reader{out: out, process: launchIn(t, command.Dir, name, environment(t), out, command.Args...)}
	}
	r := follow(name, mint, interval, "--from", strconv.FormatInt(from, 10))
	events := follow(name+"'s events", mint, "--events")
	more := func(updates int) {
		t.Helper()
		before := r.heard().updates
		await(t, "updates", func() error {
			if now := r.heard().updates; now < before+updates {
				return fmt.Errorf("%d of %d updates", now-before, updates)
			}
			return nil
		})
	}

	more(100)
	await(t, "an event", func() error {
		if len(events.out.lines()) == 0 {
			return errNotYet
		}
		return nil
	})

	known := map[happened]bool{}
	for _, e := range s.events(mint) {
		known[happened{e.Signature, e.Ordinal}] = true
	}

	for i := range 5 {
		if i == 2 {
			s.end()
		} else {
			s.kill()
		}
		s = serve(dir)
		more(20)
	}

	market.rest()
	v := r.awaitEqual(s, mint, interval, from)
	t.Logf("%d updates, %d candles, %d resets after five restarts", v.updates, len(v.candles), len(v.resets))
	for _, reset := range v.resets {
		if reset.Cause != "gap" || reset.From == nil || *reset.From != from {
			t.Errorf("reset %+v", reset)
		}
	}

	events.awaitEvents(s, mint, known)
	events.kill()

	// A copy of the data directory that is put back knows less than the reader.
	s.end()
	if err := os.CopyFS(copyOf, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}

	s = serve(dir)
	var status json.RawMessage
	market.call("simnet_control", map[string]any{"rate": 30}, &status)
	more(60)
	s.kill()

	resets := len(r.heard().resets)
	market.rest()
	s = serve(copyOf)
	v = r.awaitEqual(s, mint, interval, from)
	if last := v.resets[len(v.resets)-1]; len(v.resets) == resets || last.Cause != "gap" || last.From == nil || *last.From != from {
		t.Errorf("of a copy that was put back it said %+v", v.resets)
	}

	// Another store begins anew, by the reader's own word: from a time on.
	s.kill()
	s = serve(other)
	v = r.awaitEqual(s, mint, interval, from)
	if last := v.resets[len(v.resets)-1]; last.Cause != "store" || last.From != nil || last.Store != s.status().Store {
		t.Errorf("of another store it said %+v", v.resets)
	}
	s.end()
}
