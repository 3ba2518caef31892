package cli

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// documented is one command line of a document.
type documented struct {
	file string
	line int
	text string
}

// inline finds what a document has between backquotes.
var inline = regexp.MustCompile("`(spinscope [^`]+)`")

// commandsIn finds the commands of this program in a document: in fenced blocks, and between backquotes.
func commandsIn(t *testing.T, path string) (found []documented) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // only read

	fenced, rest := false, ""
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for number := 1; lines.Scan(); number++ {
		text := lines.Text()
		switch {
		case strings.HasPrefix(text, "```"):
			fenced = !fenced
			continue
		case !fenced:
			for _, match := range inline.FindAllStringSubmatch(text, -1) {
				found = append(found, documented{path, number, match[1]})
			}
			continue
		}

		if begun, more := strings.CutSuffix(strings.TrimSpace(text), "\\"); more {
			rest += begun + " "
			continue
		}
		text, rest = rest+text, ""
		for _, part := range regexp.MustCompile(`&&|\||;`).Split(text, -1) {
			words := strings.Fields(strings.SplitN(part, " #", 2)[0])
			for len(words) > 0 && (words[0] == "sudo" || words[0] == "$" || strings.Contains(words[0], "=")) {
				words = words[1:]
			}
			if len(words) > 2 && words[0] == "-u" { // sudo -u somebody
				words = words[2:]
			}
			if len(words) > 0 && filepath.Base(words[0]) == "spinscope" && !strings.HasSuffix(words[0], ":") {
				found = append(found, documented{path, number, "spinscope " + strings.Join(words[1:], " ")})
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

// documents are those that tell people what to type. commands.md is made of the table itself.
func documents(t *testing.T) (paths []string) {
	t.Helper()
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../examples/*.md"} {
		found, err := filepath.Glob(filepath.Join(packageDir, pattern))
		if err != nil || len(found) == 0 {
			t.Fatal(pattern, found, err)
		}
		for _, path := range found {
			if filepath.Base(path) != "commands.md" {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// parses reports why a command line would be refused. A number that a document writes as a word in capitals is one.
func parses(text string) (err error) {
	var parsed commands
	parser, err := newParser(&parsed, Program{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}, Assets: fstest.MapFS{}})
	if err != nil {
		return err
	}

	args := strings.Fields(text)[1:]
	for i, arg := range args {
		if arg == "SLOT" || arg == "N" {
			args[i] = "1"
		}
		if arg == "…" || arg == "COMMAND" {
			args = args[:i]
			break
		}
	}

	defer func() {
		if _, ok := recover().(exit); ok { // --help and --version end here
			err = nil
		}
	}()
	_, err = parser.Parse(args)
	return err
}

// aboutACommand reports whether a text between backquotes names a command and is no whole line: what it needs is left out.
func aboutACommand(text string, err error) bool {
	why := err.Error()
	return strings.Contains(why, "expected") || strings.Contains(why, "missing") && !strings.Contains(why, "unknown")
}

// TestDocumentsNameWhatThereIs parses every command of the documents with the parser of the program: each command and flag
// that they name is there, and takes what they give it.
func TestDocumentsNameWhatThereIs(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	tried := 0
	for _, path := range documents(t) {
		if filepath.Base(path) == "CHANGELOG.md" {
			continue // of what there was
		}
		for _, c := range commandsIn(t, path) {
			tried++
			if err := parses(c.text); err != nil && !aboutACommand(c.text, err) {
				t.Errorf("%s:%d: %s: %v", c.file, c.line, c.text, err)
			}
		}
	}
	if tried < 40 {
		t.Errorf("only %d commands were found", tried)
	}
	for _, wrong := range []string{"spinscope dance", "spinscope serve --lisen 127.0.0.1:1", "spinscope export shares", "spinscope export --partition week -o x", "spinscope watch rename X"} {
		if parses(wrong) == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
}

// packageDir is where the documents are found from, wherever a test is.
var packageDir = func() string {
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	return dir
}()
