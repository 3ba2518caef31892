package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// TestFirstStart starts the server as a newcomer does, with no flag but a free port: a market is there and says that it
// is simulated. A later start on the same directory makes a new one.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 {
		s := startServer(t, dir)
		var status feedStatus
		var mints struct {
			Mints []string `json:"mints"`
			Total int      `json:"total"`
		}
		await(t, "the demo market", func() error {
			status = s.status()
			if s.get("/api/mints", &mints); status.Total < 100 || mints.Total < 8 {
				return fmt.Errorf("%+v, %d mints", status, mints.Total)
			}
			return nil
		})
		if status.Cluster != "demo" || len(mints.Mints) != mints.Total {
			t.Errorf("%+v, %+v", status, mints)
		}

		if code, page := request(t, "GET", s.url("/"), nil, nil); code != 200 || !strings.Contains(strings.ToLower(string(page)), "<html") {
			t.Errorf("the page: HTTP %d %.200s", code, page)
		}
		s.end()
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	out := &capture{}
	p := launch(t, "spinscope", environment(t), out, binary, "version")
	if code := p.wait(); code != 0 || !strings.HasPrefix(out.String(), "spinscope ") || !strings.Contains(out.String(), "go1.") || len(out.lines()) != 1 {
		t.Errorf("exit code %d: %s", code, out)
	}
}
