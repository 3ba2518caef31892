package backend_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// retired are words that names were made of once, and what they are called now (docs/glossary.md). Sentences may use them.
var retired = map[string]string{
	"thrift": "lean", "intake": "listener", "lookout": "probe", "reseat": "move", "happening": "event", "standing": "status",
	"told": "what was done with it: sent, logged, reported", "given": "where it is from, or what it is for", "most": "limit, or peak",
	"figures": "metrics, or stats", "seal": "close", "sealed": "closed", "settle": "resolve", "hole": "gap", "holes": "gap",
	"beat": "heartbeat", "trial": "run", "trials": "runs",
}

// published are names whose words cannot be taken back: they are fields that clients read, and flags.
var published = []string{"Holes", "ListHole"}

var wordsOfName = regexp.MustCompile(`[A-Z]+[a-z0-9]*|[a-z0-9]+`)

// TestNamesHaveTheGlossarysWords looks at every name that the project declares.
func TestNamesHaveTheGlossarysWords(t *testing.T) {
	files := token.NewFileSet()
	seen := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || path != ".." && strings.HasPrefix(entry.Name(), ".")):
			return filepath.SkipDir
		case filepath.Ext(path) != ".go":
			return nil
		}

		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}

		seen++
		ast.Inspect(file, func(n ast.Node) bool {
			name, ok := n.(*ast.Ident)
			if !ok || slices.Contains(published, name.Name) {
				return true
			}
			for _, word := range wordsOfName.FindAllString(name.Name, -1) {
				if instead := retired[strings.ToLower(word)]; instead != "" {
					t.Errorf("%s: %s: no name has the word %q: %s", files.Position(name.Pos()), name.Name, strings.ToLower(word), instead)
				}
			}
			return true
		})

		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	if seen < 100 {
		t.Fatalf("only %d files seen: the test looks at nothing", seen)
	}
}
