package cli

import (
	"fmt"
	"os"
	"time"
)

// ticker tells of progress on standard error: in a terminal with a line that replaces the last one, a few times a
// second; in a file or the journal with a line of its own every ten seconds, as nobody wants more of them there.
type ticker struct {
	program *Program
	shown   time.Time
	drawn   bool // a line stands in the terminal
}

func (t *ticker) show(line string) {
	live, every := terminal(t.program), 10*time.Second
	if live {
		every = 200 * time.Millisecond
	}
	if t.shown.IsZero() && !live {
		t.shown = time.Now() // what is done at once says nothing
	}
	if time.Since(t.shown) < every {
		return
	}
	t.shown = time.Now()
	if live {
		t.drawn = true
		_, _ = fmt.Fprintf(t.program.Stderr, "\r%s\x1b[K", line)
		return
	}
	_, _ = fmt.Fprintln(t.program.Stderr, line)
}

// end clears the line for what is said next.
func (t *ticker) end() {
	if t.drawn {
		_, _ = fmt.Fprint(t.program.Stderr, "\r\x1b[K")
	}
	t.drawn = false
}

// terminal reports whether somebody watches standard error.
func terminal(program *Program) bool {
	file, ok := program.Stderr.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
