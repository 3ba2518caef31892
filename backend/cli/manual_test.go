package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// shareDir is what `make install` and the packages put below PREFIX/share; `make gen` writes it.
const shareDir = "../../build/share"

// TestManual compares the manual pages in build/share with what --help tells.
func TestManual(t *testing.T) {
	root := model(t)
	pages := map[string]string{"man/man1/spinscope.1": overview(root)}
	for _, command := range root.Children {
		pages["man/man1/spinscope-"+command.Name+".1"] = manual(command)
	}

	generated(t, "man", pages)
}

// TestManualIsSound has man's own formatter read the pages, where there is one.
func TestManualIsSound(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed")
	}
	pages, err := filepath.Glob(shareDir + "/man/man1/*.1")
	if err != nil || len(pages) < 10 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}

	for _, page := range pages {
		out, err := exec.Command(groff, "-man", "-Tutf8", "-Kutf8", "-ww", "-rF0", page).CombinedOutput()
		if err != nil || strings.Contains(string(out), "warning") {
			t.Errorf("%s: %v\n%s", page, err, out)
		}
	}
}

// model is the table of commands.
func model(t *testing.T) *kong.Node {
	t.Helper()
	parser, err := newParser(&commands{}, Program{Stdout: io.Discard, Stderr: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model.Node
}

// generated compares files below build/share/PART with what they should hold, by name; with -update it writes them and
// removes all others there.
func generated(t *testing.T, part string, want map[string]string) {
	t.Helper()
	if *update {
		if err := os.RemoveAll(filepath.Join(shareDir, part)); err != nil {
			t.Fatal(err)
		}
	}

	for name, text := range want {
		path := filepath.Join(shareDir, name)
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // a directory of the repository
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // a file of the repository
				t.Fatal(err)
			}
		}

		if written, err := os.ReadFile(path); err != nil || !bytes.Equal(written, []byte(text)) {
			t.Errorf("%s is not what the table of commands says: make gen writes it anew (%v)", path, err)
		}
	}

	err := filepath.WalkDir(filepath.Join(shareDir, part), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(shareDir, path)
		if _, ok := want[filepath.ToSlash(name)]; !ok {
			t.Errorf("%s is of no command: make gen removes it", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// overview is spinscope(1).
func overview(root *kong.Node) string {
	var page strings.Builder
	heading(&page, "spinscope", "live candles of SpinPet tokens on Solana")

	page.WriteString(".SH SYNOPSIS\n.B spinscope\n.RI [ COMMAND ]\n.RI [ FLAGS ]\n" +
		".SH DESCRIPTION\nSpinscope reads the events of programs on a Solana cluster, folds them into candles as they happen, keeps everything\n" +
		"in an embedded store, and shows it in a window and on a local port. Without a command the window is opened; the server\n" +
		"package has all commands but the window.\n.SH COMMANDS\n")
	for _, command := range root.Children {
		fmt.Fprintf(&page, ".TP\n.BR spinscope\\-%s (1)\n%s\n", roff(command.Name), line(command.Help))
	}

	page.WriteString(".SH OPTIONS\n")
	options(&page, root.Flags)
	page.WriteString(".TP\n.B \\-\\-help\nShow a command's flags.\n" +
		".SH EXIT STATUS\n.TP\n.B 0\nDone, or stopped as asked.\n.TP\n.B 1\nFailed while running.\n.TP\n.B 2\nWrong command line or configuration. Each error is one line that says how to mend it.\n" +
		".SH FILES\n.TP\n.I ~/.config/spinscope/config.toml\nThe settings, unless \\-\\-config names another file.\n" +
		".TP\n.I ~/.local/share/spinscope\nThe data directory, unless \\-\\-data\\-dir or SPINSCOPE_DATA_DIR names another.\n" +
		".TP\n.I server.addr\nIn the data directory of a running server: its HOST:PORT.\n" +
		".SH ENVIRONMENT\n.TP\n.B SPINSCOPE_DATA_DIR\nThe data directory.\n" +
		".TP\n.BI SPINSCOPE_ SECTION _ KEY\nA setting: it overrides the file, and a flag overrides it.\n")

	return page.String()
}

// manual is the page of one command, with those below it.
func manual(command *kong.Node) string {
	var page strings.Builder
	name := "spinscope-" + command.Name
	heading(&page, name, strings.ToLower(command.Help[:1])+strings.TrimSuffix(command.Help[1:], "."))

	leaves := command.Children
	if len(leaves) == 0 {
		leaves = []*kong.Node{command}
	}
	page.WriteString(".SH SYNOPSIS\n")
	for i, leaf := range leaves {
		if i > 0 {
			page.WriteString(".br\n")
		}
		fmt.Fprintf(&page, ".B %s\n", roff("spinscope "+words(leaf)))
		for _, argument := range leaf.Positional {
			fmt.Fprintf(&page, ".I %s\n", roff(argument.Summary()))
		}
		page.WriteString(".RI [ FLAGS ]\n")
	}

	fmt.Fprintf(&page, ".SH DESCRIPTION\n%s\n", line(command.Help))
	for _, leaf := range leaves {
		if leaf == command {
			page.WriteString(".SH OPTIONS\n")
		} else {
			fmt.Fprintf(&page, ".SH %s\n%s\n", roff(strings.ToUpper(leaf.Name)), line(leaf.Help))
		}
		for _, argument := range leaf.Positional {
			fmt.Fprintf(&page, ".TP\n.I %s\n%s\n", roff(argument.Summary()), line(argument.Help))
		}
		options(&page, leaf.Flags)
	}

	page.WriteString(".SH SEE ALSO\n.BR spinscope (1)\n")
	return page.String()
}

// words are a command's name and those above it, without the program's.
func words(node *kong.Node) string {
	if node.Parent != nil && node.Parent.Type == kong.CommandNode {
		return words(node.Parent) + " " + node.Name
	}
	return node.Name
}

func heading(page *strings.Builder, name, does string) {
	fmt.Fprintf(page, ".\\\" Written by `make gen` from the table of commands.\n.TH %s 1 \"\" Spinscope \"Spinscope\"\n.SH NAME\n%s \\- %s\n",
		roff(strings.ToUpper(name)), roff(name), roff(does))
}

func options(page *strings.Builder, flags []*kong.Flag) {
	for _, one := range flags {
		if one.Name == "help" || one.Hidden {
			continue
		}

		name, value, _ := strings.Cut(shown(one), " ")
		if one.Short != 0 {
			name = "-" + string(one.Short) + ", " + name
		}
		fmt.Fprintf(page, ".TP\n.BI \"%s \" \"%s\"\n", roff(name), roff(value))

		text := one.Help
		if one.HasDefault && one.Default != "" && one.Default != "0" {
			text += " Without it: " + one.Default + "."
		}
		page.WriteString(line(text) + "\n")
	}
}

// line is text as a line of its own, which must not begin as a request does.
func line(text string) string {
	text = roff(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		return `\&` + text
	}
	return text
}

// roff escapes what groff would take for its own.
func roff(text string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, `"`, `\(dq`, "\n", " ").Replace(text)
}
