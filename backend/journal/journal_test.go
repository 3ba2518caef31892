package journal

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// memory remembers lines that begin with a letter, each once.
type memory struct{ lines []string }

func (m *memory) options(path string) Options {
	return Options{Path: path, Of: "letters", MaxLine: 16, Load: m.load, Lines: func() []byte { return []byte(strings.Join(m.lines, "")) }}
}

func (m *memory) load(lines iter.Seq[[]byte]) (known int, bad bool) {
	for text := range lines {
		switch line := string(text); {
		case line[0] < 'a' || !strings.HasSuffix(line, "\n"):
			bad = true
		case !slices.Contains(m.lines, line):
			m.lines = append(m.lines, line)
		}
	}
	return len(m.lines), bad
}

// TestWhatAFileHolds: lines that make sense are taken in, and the file is made anew where it has others, half a line, one that is
// too long, or more than are worth keeping; else it stays as it is.
func TestWhatAFileHolds(t *testing.T) {
	for _, test := range []struct{ name, text, lines, after string }{
		{"nothing", "", "", ""},
		{"lines", "a\nb\n", "a\nb\n", "a\nb\n"},
		{"a line twice", "a\na\n", "a\n", "a\na\n"},
		{"one of something else", "a\n1\nb\n", "a\nb\n", "a\nb\n"},
		{"half a line", "a\nb", "a\n", "a\n"},
		{"a long line", "a\nb" + strings.Repeat("1", 40) + "\nc\n", "a\nc\n", "a\nc\n"},
		{"as many as are worth it", strings.Repeat("a\n", 2+spare), "a\n", strings.Repeat("a\n", 2+spare)},
		{"more", strings.Repeat("a\n", 3+spare), "a\n", "a\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "letters")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}

			var m memory
			j, err := Open(m.options(path))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(m.lines, ""); got != test.lines {
				t.Errorf("taken in: %q", got)
			}

			if err := j.Append([]byte("x\ny\n")); err != nil {
				t.Error(err)
			}
			j.Close()
			if text, err := os.ReadFile(path); err != nil || string(text) != test.after+"x\ny\n" { //nolint:gosec // the test's own
				t.Errorf("the file is %q, %v", text, err)
			}
		})
	}
}

// TestForget: what is in the file is removed before it is read, and a file that is not there is not read.
func TestForget(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "letters")
	var m memory
	for range 2 {
		o := m.options(path)
		o.Forget = true
		o.Load = func(iter.Seq[[]byte]) (int, bool) {
			t.Error("it is read")
			return 0, false
		}

		j, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Append([]byte("a\n")); err != nil {
			t.Error(err)
		}
		j.Close()
	}

	if text, err := os.ReadFile(path); err != nil || string(text) != "a\n" { //nolint:gosec // the test's own
		t.Errorf("the file is %q, %v", text, err)
	}
}

// TestWhatCannotBeWritten is told once; nothing is kept after it, nor by the zero Journal.
func TestWhatCannotBeWritten(t *testing.T) {
	var m memory
	j, err := Open(m.options(filepath.Join(t.TempDir(), "letters")))
	if err != nil {
		t.Fatal(err)
	}
	if err := j.file.Close(); err != nil {
		t.Fatal(err)
	}

	got := fmt.Sprint(j.Append(nil) != nil, j.Append([]byte("a\n")) != nil, j.Append([]byte("b\n")) != nil, new(Journal).Append([]byte("c\n")) != nil)
	if got != "false true false false" {
		t.Errorf("failures: %s", got)
	}
	j.Close()

	_, err = Open(m.options(filepath.Join(t.TempDir(), "\x00", "letters")))
	if err == nil || !strings.HasPrefix(err.Error(), "directory of what is known of letters: ") {
		t.Errorf("a file that cannot be: %v", err)
	}
}
