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
	"":                      {"app", "backend/cli", "frontend"},
	"app":                   {"backend", "backend/...", "frontend"},
	"app/e2e":               {},
	"frontend":              {},
	"backend":               {"backend/..."},
	"backend/cli":           {"backend", "backend/..."},
	"backend/market":        {},
	"backend/candle":        {"backend/market"},
	"backend/spinpet":       {"backend/market"},
	"backend/config":        {"backend/market"},
	"backend/hub":           {"backend/market"},
	"backend/solana":        {"backend/market"},
	"backend/store":         {"backend/market", "backend/spinpet", "backend/candle"},
	"backend/simnet":        {"backend/market", "backend/spinpet", "backend/candle"},
	"backend/alert":         {"backend/market"},
	"backend/ticker":        {"backend/market"},
	"backend/leaktest":      {},
	"backend/logtail":       {},
	"backend/recording":     {"backend/market", "backend/spinpet"},
	"backend/metadata":      {"backend/market"},
	"backend/ingest":        {"backend/market", "backend/spinpet", "backend/candle"},
	"backend/socketio":      {},
	"backend/wire":          {"backend/market"},
	"backend/wire/...":      {"backend/wire", "backend/market"},
	"backend/export":        {"backend/market", "backend/wire"},
	"backend/verify":        {"backend/market", "backend/candle"},
	"backend/server":        {"backend/server/...", "backend/socketio", "backend/wire", "backend/export", "backend/hub", "backend/market"},
	"backend/server/guard":  {"backend/wire"},
	"backend/server/rest":   {"backend/wire", "backend/export", "backend/market"},
	"backend/server/stream": {"backend/socketio", "backend/wire", "backend/hub", "backend/candle", "backend/market"},
	"backend/server/...":    {"backend/wire", "backend/market"},
	"backend/e2e":           {"backend", "backend/..."},
	"examples/exampletest":  {},
}

func TestImportsGoDown(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "-tags", "desktop,production,webkit2_41", "spinscope/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	seen := 0
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
		rules, ok := rulesOf(from)
		if !ok {
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
			if to := trim(path); !slices.ContainsFunc(rules, func(rule string) bool { return matches(rule, to) }) {
				t.Errorf("%s imports %s: a wrong arrow", from, to)
			}
		}
	}
	if seen < 10 {
		t.Fatalf("only %d packages seen: the test looks at nothing", seen)
	}
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

func rulesOf(pkg string) ([]string, bool) {
	if rules, ok := allowed[pkg]; ok {
		return rules, true
	}
	best, found := "", false
	for rule := range allowed {
		if strings.HasSuffix(rule, "/...") && matches(rule, pkg) && len(rule) > len(best) {
			best, found = rule, true
		}
	}
	return allowed[best], found
}
