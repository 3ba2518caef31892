//go:build desktop

package app

import (
	"time"

	window "github.com/wailsapp/wails/v2/pkg/runtime"
)

// silence is how long the page may say nothing before the person is asked; it calls Heartbeat every two seconds.
const silence = 15 * time.Second

// expectHeartbeat says whether the page owes signs of life from now on.
func (a *App) expectHeartbeat(expected bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.heartbeat = time.Time{}
	if expected {
		a.heartbeat = time.Now()
	}
}

// silent reports whether the page owes a sign of life for too long. Go's clock stands still while the computer sleeps, so
// that waking up does not look like silence.
func (a *App) silent() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.heartbeat.IsZero() && time.Since(a.heartbeat) > silence
}

// watchPage offers to load the page anew when its process has died or hangs: the window would freeze and nobody is told.
// It returns when done is closed.
func (a *App) watchPage(done <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()

	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}

		if a.closing.Load() || !a.silent() {
			continue
		}
		a.log.Warn("the page is silent", "for", silence)
		a.expectHeartbeat(false) // asked once; the next sign of life starts the watch again
		if a.ask("The page does not answer",
			"The page inside this window has not answered for 15 seconds. The server behind it goes on, and nothing is lost.\n\nLoad the page again?") {
			a.log.Info("the page is loaded again")
			renewPage(a.window())
		}
	}
}

// ask shows a question and reports whether the answer was yes.
func (a *App) ask(title, text string) bool {
	return a.message(window.QuestionDialog, title, text) == "Yes"
}
