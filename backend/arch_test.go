package backend_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed lists, for each package, which packages of ours it may import (docs/architecture.md). A name ending in "/..."
// stands for the packages below it too. Imports only ever go down.
var allowed = map[string][]string{
	"":                        {"app", "backend/cli", "frontend"},
	"app":                     {"backend", "backend/..."},
	"app/e2e":                 {},
	"frontend":                {},
	"backend":                 {"backend/..."},
	"backend/cli":             {"backend", "backend/..."},
	"backend/market":          {},
	"backend/liquidation":     {"backend/market", "backend/program"},
	"backend/position":        {"backend/market"},
	"backend/backup":          {"backend/durable", "backend/market", "backend/store", "backend/zstd"},
	"backend/bus":             {"backend/market", "backend/wake"},
	"backend/bus/embedded":    {"backend/bus"},
	"backend/bucket":          {},
	"backend/candle":          {"backend/market"},
	"backend/program":         {"backend/market"},
	"backend/program/spinpet": {"backend/market", "backend/program"},
	"backend/config":          {"backend/market", "backend/proxy", "backend/release", "backend/textfile"},
	"backend/commitlog":       {"backend/market"},
	"backend/edge":            {"backend/backup", "backend/bus", "backend/commitlog", "backend/market", "backend/offline", "backend/store", "backend/wake", "backend/zstd"},
	"backend/node":            {"backend/bus", "backend/bus/embedded", "backend/config", "backend/datadir", "backend/edge", "backend/market", "backend/offline", "backend/parts", "backend/store", "backend/telemetry", "backend/wake", "backend/wire"},
	"backend/parts":           {},
	"backend/plain":           {"backend/bucket"},
	"backend/web":             {"backend/alert", "backend/backup", "backend/config", "backend/datadir", "backend/follow", "backend/hub", "backend/listener", "backend/logtail", "backend/market", "backend/metadata", "backend/mintinfo", "backend/offline", "backend/parts", "backend/plain", "backend/server", "backend/server/...", "backend/socketio", "backend/solana", "backend/store", "backend/telemetry", "backend/ticker", "backend/usd", "backend/watch", "backend/wire"},
	"backend/follow":          {"backend/commitlog", "backend/hub", "backend/market"},
	"backend/hub":             {"backend/market", "backend/telemetry", "backend/wake"},
	"backend/solana":          {"backend/market", "backend/program", "backend/proxy", "backend/telemetry", "backend/wake"},
	"backend/store":           {"backend/candle", "backend/commitlog", "backend/durable", "backend/market", "backend/program/registry", "backend/telemetry", "backend/wake"},
	"backend/simnet":          {"backend/market", "backend/program", "backend/program/...", "backend/simnet/launchpad", "backend/usd"},
	"backend/alert":           {"backend/durable", "backend/market", "backend/proxy", "backend/textfile", "backend/wire", "backend/follow", "backend/store", "backend/telemetry", "backend/wake"},
	"backend/pool":            {"backend/journal", "backend/market", "backend/program", "backend/program/registry", "backend/telemetry", "backend/wake"},
	"backend/ticker":          {"backend/market"},
	"backend/usd":             {"backend/market", "backend/program", "backend/wire"},
	"backend/mintinfo":        {"backend/follow", "backend/journal", "backend/market", "backend/program", "backend/program/token", "backend/store", "backend/telemetry", "backend/wake"},
	"backend/cluster":         {"backend/config", "backend/datadir", "backend/heap", "backend/ingest", "backend/listener", "backend/market", "backend/program", "backend/program/registry", "backend/simnet", "backend/solana", "backend/store", "backend/telemetry", "backend/watch", "backend/wire"},
	"backend/heap":            {},
	"backend/listener":        {"backend/config", "backend/datadir", "backend/heap", "backend/ingest", "backend/market", "backend/program/registry", "backend/store", "backend/telemetry", "backend/wire"},
	"backend/offline":         {"backend/backup", "backend/cluster", "backend/config", "backend/datadir", "backend/export", "backend/heap", "backend/ingest", "backend/listener", "backend/market", "backend/mintinfo", "backend/program/registry", "backend/recording", "backend/solana", "backend/store", "backend/verify"},
	"backend/replay":          {"backend/datadir", "backend/listener", "backend/market", "backend/offline", "backend/recording", "backend/store"},
	"backend/datadir":         {"backend/durable", "backend/market", "backend/store", "backend/telemetry", "backend/textfile"},
	"backend/wake":            {},
	"backend/zstd":            {},
	"backend/watch":           {"backend/config", "backend/durable", "backend/market", "backend/program", "backend/textfile", "backend/wake", "backend/wire"},
	"backend/telemetry":       {"backend/market"},
	"backend/leaktest":        {},
	"backend/proxy":           {},
	"backend/durable":         {},
	"backend/journal":         {"backend/durable"},
	"backend/logtail":         {},
	"backend/polltest":        {},
	"backend/porttest":        {},
	"backend/publicnet":       {},
	"backend/textfile":        {},
	"backend/release":         {"backend/durable", "backend/publicnet", "backend/wake"},
	"backend/recording":       {"backend/market", "backend/program/registry"},
	"backend/metadata":        {"backend/follow", "backend/market", "backend/publicnet", "backend/store", "backend/telemetry", "backend/wire", "backend/wake"},
	"backend/ingest":          {"backend/market", "backend/program", "backend/candle", "backend/telemetry"},
	"backend/socketio":        {"backend/bucket"},
	"backend/wire":            {"backend/liquidation", "backend/market", "backend/position", "backend/program"},
	"backend/wire/...":        {"backend/market"},
	"backend/export":          {"backend/market", "backend/program", "backend/program/registry", "backend/wire", "backend/zstd"},
	"backend/verify":          {"backend/market", "backend/candle"},
	"backend/server":          {"backend/server/...", "backend/wire", "backend/market", "backend/program/registry", "backend/telemetry"},
	"backend/server/guard":    {"backend/wire"},
	"backend/server/rest":     {"backend/wire", "backend/export", "backend/liquidation", "backend/logtail", "backend/market", "backend/position", "backend/program", "backend/program/registry", "backend/store", "backend/ticker", "backend/candle"},
	"backend/server/stream":   {"backend/commitlog", "backend/plain", "backend/socketio", "backend/wire", "backend/follow", "backend/candle", "backend/market", "backend/telemetry", "backend/wake"},
	"backend/server/...":      {},
	"backend/e2e":             {},
	"examples/exampletest":    {},

	"backend/simnet/launchpad": {"backend/market", "backend/program", "backend/program/pump", "backend/program/pumpswap", "backend/program/token"},

	"backend/program/registry":    {"backend/market", "backend/program", "backend/program/..."},
	"backend/program/pump":        {"backend/market", "backend/program", "backend/program/pumpswap"},
	"backend/program/pumpswap":    {"backend/market", "backend/program"},
	"backend/program/pumpcoin":    {"backend/market", "backend/program", "backend/program/pump", "backend/program/pumpswap", "backend/program/token"},
	"backend/program/token":       {"backend/market", "backend/program"},
	"backend/program/programtest": {"backend/market", "backend/program"},
}

func TestImportsGoDown(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "-tags", "desktop,production,webkit2_41", "spinscope/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	seen, used := 0, map[[2]string]bool{}
	for {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		from := trim(pkg.ImportPath)
		place, rules := rulesOf(from)
		if rules == nil {
			t.Errorf("package %s has no place in the layout: add it to docs/architecture.md and to this test", from)
			continue
		}
		seen++
		for _, path := range pkg.Imports {
			if path != "spinscope" && !strings.HasPrefix(path, "spinscope/") {
				if from == "backend/market" && strings.Contains(path, ".") {
					t.Errorf("backend/market imports %s; it uses the standard library only", path)
				}
				continue
			}
			to := trim(path)
			if programOnly(from, to) {
				t.Errorf("%s imports %s: it is to ask backend/program/registry", from, to)
			}
			rule := slices.IndexFunc(rules, func(rule string) bool { return matches(rule, to) })
			if rule < 0 {
				t.Errorf("%s imports %s: a wrong arrow", from, to)
				continue
			}
			used[[2]string{place, rules[rule]}] = true
		}
	}
	if seen < 10 {
		t.Fatalf("only %d packages seen: the test looks at nothing", seen)
	}
	for place, rules := range allowed {
		for _, rule := range rules {
			if !used[[2]string{place, rule}] {
				t.Errorf("%q may import %q and does not: take the allowance out", place, rule)
			}
		}
	}
}

// TestTheWindowHasNoBusServer: the desktop app has the bus's client in it, as a server has, and not the server of it, which is five times
// as large.
func TestTheWindowHasNoBusServer(t *testing.T) {
	for tags, want := range map[string]bool{"desktop,production,webkit2_41": false, "": true} {
		out, err := exec.Command("go", "list", "-deps", "-tags", tags, "spinscope").Output() //nolint:gosec // fixed arguments
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		if !strings.Contains(string(out), "\ngithub.com/nats-io/nats.go\n") {
			t.Errorf("tags %q: the bus's client is not seen: the test looks at nothing", tags)
		}
		if got := strings.Contains(string(out), "\ngithub.com/nats-io/nats-server/"); got != want {
			t.Errorf("tags %q: a bus server is in the program: %v", tags, got)
		}
	}
}

// programOnly reports whether a package is one program's, which its own folder, the registry's list and the simulated
// cluster may know. Everybody else asks the registry. The token programs' is no market's, and everybody's.
func programOnly(from, to string) bool {
	name, ok := strings.CutPrefix(to, "backend/program/")
	if !ok || name == "registry" || name == "programtest" || name == "token" || strings.HasPrefix(from, "backend/program/") {
		return false
	}
	return from != "backend/simnet" && from != "backend/simnet/launchpad"
}

func trim(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, "spinscope"), "/")
}

func matches(rule, pkg string) bool {
	if prefix, ok := strings.CutSuffix(rule, "/..."); ok {
		return strings.HasPrefix(pkg, prefix+"/")
	}
	return rule == pkg
}

// rulesOf is the package's place in the table, and what it may import; nil when it has none.
func rulesOf(pkg string) (place string, rules []string) {
	if rules, ok := allowed[pkg]; ok {
		return pkg, rules
	}
	for rule := range allowed {
		if strings.HasSuffix(rule, "/...") && matches(rule, pkg) && len(rule) > len(place) {
			place = rule
		}
	}
	if place == "" {
		return "", nil
	}
	return place, allowed[place]
}
