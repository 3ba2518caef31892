package cli

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var update = flag.Bool("update", false, "write docs/commands.md anew")

const commandsPage = "../../docs/commands.md"

// TestCommandsPage compares docs/commands.md with what --help tells, so that no flag is known to --help only.
func TestCommandsPage(t *testing.T) {
	parser, err := newParser(&commands{}, Program{Stdout: io.Discard, Stderr: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	page.WriteString("# Commands and flags\n\nWhat `spinscope COMMAND --help` says, in one place; `make gen` writes this page. `spinscope --version` prints the\nversion. Settings that have no flag are in [configuration.md](configuration.md).\n")
	describe(&page, parser.Model.Node, "spinscope")

	if *update {
		if err := os.WriteFile(commandsPage, []byte(page.String()), 0o644); err != nil { //nolint:gosec // a page of the documentation
			t.Fatal(err)
		}
	}
	if written, err := os.ReadFile(commandsPage); err != nil || string(written) != page.String() {
		t.Errorf("docs/commands.md is not what --help says: make gen writes it anew (%v)", err)
	}
}

// describe writes a command, or those below it.
func describe(page *strings.Builder, node *kong.Node, name string) {
	for _, child := range node.Children {
		describe(page, child, name+" "+child.Name)
	}
	if len(node.Children) > 0 {
		return
	}

	for _, argument := range node.Positional {
		name += " " + argument.Summary()
	}
	fmt.Fprintf(page, "\n## %s\n\n%s\n", name, cell(node.Help))
	heading := "\n| flag | |\n|---|---|\n"
	for _, argument := range node.Positional {
		fmt.Fprintf(page, "%s| `%s` | %s |\n", heading, argument.Summary(), cell(argument.Help))
		heading = ""
	}

	for _, one := range node.Flags {
		if one.Name == "help" || one.Hidden {
			continue
		}
		text := one.Help
		if one.HasDefault && one.Default != "" && one.Default != "0" {
			text += " Without it: `" + one.Default + "`."
		}
		fmt.Fprintf(page, "%s| `%s` | %s |\n", heading, shown(one), cell(text))
		heading = ""
	}
}

// shown is how a flag is written.
func shown(one *kong.Flag) string {
	if one.IsBool() {
		return "--" + one.Name
	}
	return "--" + one.Name + " " + cmp.Or(one.PlaceHolder, strings.ToUpper(one.Name))
}

func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

func TestVersionFlag(t *testing.T) {
	for _, args := range [][]string{{"--version"}, {"serve", "--version"}, {"version"}} {
		var out, log strings.Builder
		if code := Main(args, Program{Stdout: &out, Stderr: &log}); code != 0 || out.String() != "spinscope "+Version()+"\n" || log.String() != "" {
			t.Errorf("%v: exit code %d: %q %q", args, code, &out, &log)
		}
	}
}
