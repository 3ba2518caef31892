package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// notification is one that a desktop would show.
type notification struct {
	App   string  `json:"app"`
	Title string  `json:"title"`
	Body  string  `json:"body"`
	At    float64 `json:"at"` // seconds
}

func notifications(p *process) (list []notification) {
	for line := range strings.SplitSeq(p.output.String(), "\n") {
		var n notification
		if json.Unmarshal([]byte(line), &n) == nil && n.Title != "" {
			list = append(list, n)
		}
	}
	return list
}

// A rule saved in the page fires, and the desktop shows it, not more than one a second.
func TestAlertIsShownOnTheDesktop(t *testing.T) {
	need(t)
	const python = "/usr/bin/python3" // the system's has gi
	if err := exec.Command(python, "-c", "import gi").Run(); err != nil {
		t.Skip("SKIPPED: python3-gi is missing; run `build/setup.sh test`")
	}

	script, err := filepath.Abs("testdata/notifications.py")
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t)
	service := d.start("notifications", python, script)
	service.firstLine()

	a := d.open()
	a.ready()
	var saved struct {
		ID        string `json:"id"`
		Percent   float64
		CreatedAt int64 `json:"created_at"`
		Error     string
	}
	save := func(rule string) {
		t.Helper()
		a.ask("window.__rule = 0, window.go.app.App.SaveAlert("+rule+").then(rule => window.__rule = rule, error => window.__rule = {Error: error.message ?? String(error)}), 1", new(any))
		saved.Error, saved.ID = "", ""
		d.until("the rule is saved or refused", func() bool {
			return a.page.eval("window.__rule || undefined", &saved) == nil && saved.ID+saved.Error != ""
		})
	}
	save(`{id: '', kind: 'percent_move', percent: 0.001, window_seconds: 60, created_at: 0}`)
	if !strings.HasPrefix(saved.Error, "percent: ") {
		t.Errorf("a rule that makes no sense: %+v", saved)
	}

	save(`{id: '', kind: 'percent_move', percent: 0.01, window_seconds: 10, created_at: 0}`)
	if saved.ID == "" || saved.Percent != 0.01 || saved.CreatedAt == 0 {
		t.Fatalf("%+v", saved)
	}
	d.until("the desktop shows three alerts", func() bool { return len(notifications(service)) >= 3 })
	d.keepPicture()

	var list struct {
		Rules  []struct{ ID string }
		Alerts []struct{ Message string }
	}
	get(t, a.base()+"/api/alerts?limit=1000", &list)
	known := map[string]bool{}
	for _, alert := range list.Alerts {
		known[alert.Message] = true
	}

	shown := notifications(service)
	for i, n := range shown[:3] {
		body, _, _ := strings.Cut(n.Body, "\n")
		if n.App != "Spinscope" || n.Title != "Sharp move" || !known[body] {
			t.Errorf("%+v is none of %d alerts", n, len(list.Alerts))
		}
		if i > 0 && n.At-shown[i-1].At < 0.9 {
			t.Errorf("%v seconds between two", n.At-shown[i-1].At)
		}
	}

	a.ask(fmt.Sprintf("window.go.app.App.DeleteAlert(%q), 1", saved.ID), new(any))
	d.until("the rule is gone", func() bool {
		list.Rules = nil
		get(t, a.base()+"/api/alerts", &list)
		return len(list.Rules) == 0
	})
	d.focus(title)
	d.key("ctrl+q")
	a.endsCleanly()
}
