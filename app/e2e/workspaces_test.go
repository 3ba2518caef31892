package e2e

import "testing"

// How the window is arranged is saved under a name, by hand, and opened again: at once and after a restart.
func TestWorkspace(t *testing.T) {
	need(t)
	d := newDesk(t)
	a := d.open()
	a.ready()
	charts := func(a *app) int { return a.count(`[data-testid="chart"][data-phase="ready"]`) }

	d.focus(title)
	d.key("alt+2")
	d.until("two charts are drawn", func() bool { return charts(a) == 2 })
	d.key("S")
	d.until("the dialog is there", func() bool { return a.has("workspace-name") })
	a.enter("workspace-name", "Pair")
	a.press("workspace-save")
	d.until("the workspace is in use", func() bool { return a.holds("workspace", "Pair") && a.has("workspace-open") })

	d.key("Escape")
	d.until("the dialog is closed", func() bool { return !a.has("workspace-name") })
	d.key("alt+1")
	d.until("one chart is left, and that is marked", func() bool { return charts(a) == 1 && a.holds("workspace", "changed") })
	d.key("ctrl+q")
	a.endsCleanly()

	b := d.open()
	b.ready()
	d.focus(title)
	d.until("what was changed is still so", func() bool { return charts(b) == 1 && b.holds("workspace", "changed") })
	d.key("S")
	d.until("the workspace is listed", func() bool { return b.has("workspace-open") })
	b.press("workspace-open")
	d.until("it is open, or asks about what is not saved", func() bool { return b.has("workspace-open-anyway") || charts(b) == 2 })
	if b.has("workspace-open-anyway") {
		b.press("workspace-open-anyway")
	}
	d.until("its two charts are back, and nothing is marked", func() bool {
		return charts(b) == 2 && b.holds("workspace", "Pair") && !b.holds("workspace", "changed")
	})

	d.focus(title)
	d.key("ctrl+q")
	b.endsCleanly()
}
