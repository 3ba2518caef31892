package frontend_test

import (
	"io/fs"
	"strings"
	"testing"

	"spinscope/frontend"
)

func TestBuiltTellsWhetherThereIsAnIndex(t *testing.T) {
	page, err := fs.ReadFile(frontend.Assets(), "index.html")
	if built := err == nil; built != frontend.Built() {
		t.Fatalf("Built() = %v, but reading index.html gives %v", frontend.Built(), err)
	}
	if err != nil {
		t.Skip("SKIPPED: the page is not built (run `npm run build` in frontend)")
	}
	for _, want := range []string{`id="app"`, "Content-Security-Policy"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("index.html lacks %s", want)
		}
	}
	if strings.Contains(string(page), "<script>") {
		t.Error("index.html holds an inline script, which its own policy forbids")
	}
}
