package cli

import (
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"spinscope/backend/alert"
	"spinscope/backend/market"
)

// flagValues are the values of flags whose values are checked elsewhere than in the table of commands.
func flagValues() map[string][]string {
	values := map[string][]string{
		"cluster":    {"demo", "localnet", "devnet", "mainnet", "custom"},
		"commitment": {"processed", "confirmed", "finalized"},
		"log-level":  {"debug", "info", "warn", "error"},
		"log-format": {"text", "json"},
		"format":     {"csv", "jsonl", "parquet"},
		"direction":  {"up", "down", "both"},
		"refusal":    strings.Split(refusals(), ", "),
		"interval":   market.IntervalNames(market.AllIntervals()),
	}
	for _, kind := range alert.Kinds() {
		values["kind"] = append(values["kind"], string(kind))
	}
	return values
}

// completable is what a shell is told of a flag.
type completable struct {
	*kong.Flag
	files  bool     // its value is a file's path
	dirs   bool     // its value is a directory's path
	values []string // all that its value can be
}

// TestCompletions compares the completions in build/share with the table of commands.
func TestCompletions(t *testing.T) {
	root := model(t)
	flags := completables(t, root)
	leaves := leavesOf(root)

	generated(t, "bash-completion", map[string]string{"bash-completion/completions/spinscope": bashCompletion(root, leaves, flags)})
	generated(t, "zsh", map[string]string{"zsh/site-functions/_spinscope": zshCompletion(root, flags)})
	generated(t, "fish", map[string]string{"fish/vendor_completions.d/spinscope.fish": fishCompletion(root, leaves, flags)})
}

// TestCompletes asks the shells themselves what they would offer. Bash is everywhere that tests run; the others are
// asked where they are installed.
func TestCompletes(t *testing.T) {
	bash, err := filepath.Abs(shareDir + "/bash-completion/completions/spinscope")
	if err != nil {
		t.Fatal(err)
	}
	fish, err := filepath.Abs(shareDir + "/fish/vendor_completions.d/spinscope.fish")
	if err != nil {
		t.Fatal(err)
	}

	// The last word is the one at the cursor.
	for _, c := range []struct {
		line string
		want []string
		bash bool // only bash takes --flag=value apart as this line has it
	}{
		{line: "spinscope ver", want: []string{"verify", "version"}},
		{line: "spinscope alert ", want: []string{"list", "add", "remove", "mute", "unmute"}},
		{line: "spinscope alert add --ki", want: []string{"--kind"}},
		{line: "spinscope alert add --kind volume_", want: []string{"volume_spike"}},
		{line: "spinscope serve --log-format ", want: []string{"text", "json"}},
		{line: "spinscope serve --data-dir verify --clu", want: []string{"--cluster"}},
		{line: "spinscope export can", want: []string{"candles"}},
		{line: "spinscope export trades --interval m3", want: []string{"m3", "m30"}},
		{line: "spinscope import completion_t", want: []string{"completion_test.go"}},
		{line: "spinscope backup completion_t", want: []string{"completion_test.go"}},
		{line: "spinscope restore completion_t", want: []string{"completion_test.go"}},
		{line: "spinscope replay completion_t", want: []string{"completion_test.go"}},
		{line: "spinscope serve --cluster = ma", want: []string{"mainnet"}, bash: true},
	} {
		words := strings.Split(c.line, " ")
		script := fmt.Sprintf("source %q; COMP_WORDS=(%s); COMP_CWORD=%d; _spinscope; printf '%%s\\n' \"${COMPREPLY[@]}\"",
			bash, "'"+strings.Join(words, "' '")+"'", len(words)-1)
		offered(t, c.line, c.want, "bash", "--norc", "-c", script)

		if _, err := exec.LookPath("fish"); err == nil && !c.bash {
			offered(t, c.line, c.want, "fish", "--no-config", "-c",
				fmt.Sprintf("set fish_complete_path; source %q; complete -C %q | string split -f1 \\t; true", fish, c.line))
		}
	}

	if _, err := exec.LookPath("zsh"); err == nil {
		if out, err := exec.Command("zsh", "-n", shareDir+"/zsh/site-functions/_spinscope").CombinedOutput(); err != nil {
			t.Errorf("zsh: %v: %s", err, out)
		}
	}
}

func offered(t *testing.T, line string, want []string, shell string, args ...string) {
	t.Helper()
	out, err := exec.Command(shell, args...).CombinedOutput()
	got := strings.Fields(string(out))
	slices.Sort(got)
	slices.Sort(want)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%s: %q completes to %q (%v), want %q", shell, line, got, err, want)
	}
}

// leavesOf are the commands that can be run.
func leavesOf(node *kong.Node) (leaves []*kong.Node) {
	for _, child := range node.Children {
		if len(child.Children) > 0 {
			leaves = append(leaves, leavesOf(child)...)
		} else {
			leaves = append(leaves, child)
		}
	}
	return leaves
}

// completables are all flags by name; one name means the same in all commands.
func completables(t *testing.T, root *kong.Node) map[string]completable {
	t.Helper()
	known, unused := flagValues(), flagValues()
	all := map[string]completable{}
	for _, leaf := range leavesOf(root) {
		for _, one := range leaf.Flags {
			values := known[one.Name]
			delete(unused, one.Name)
			if values == nil {
				values = one.EnumSlice()
			}
			values = slices.DeleteFunc(values, func(s string) bool { return s == "" })
			made := completable{one, one.PlaceHolder == "FILE", one.PlaceHolder == "DIR", values}
			if before, ok := all[one.Name]; ok && (before.IsBool() != one.IsBool() || before.files != made.files || before.dirs != made.dirs) {
				t.Errorf("--%s of %s takes another kind of value than elsewhere: completion has one for each name", one.Name, words(leaf))
			}
			all[one.Name] = made
		}
	}

	for _, one := range root.Flags {
		all[one.Name] = completable{Flag: one}
	}

	for name := range unused {
		t.Errorf("there is no flag --%s", name)
	}
	return all
}

// flagNames are the flags of a command as they are typed.
func flagNames(node *kong.Node) (names []string) {
	for _, one := range node.Flags {
		if !one.Hidden {
			names = append(names, "--"+one.Name)
		}
	}
	return append(names, "--version")
}

const completionHeading = "# Completion for spinscope; `make gen` writes it from the table of commands.\n"

func bashCompletion(root *kong.Node, leaves []*kong.Node, flags map[string]completable) string {
	var valued, files, dirs []string
	values := &strings.Builder{}
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		one := flags[name]
		switch {
		case one.IsBool():
			continue
		case one.files:
			files = append(files, "--"+name)
		case one.dirs:
			dirs = append(dirs, "--"+name)
		case len(one.values) > 0:
			fmt.Fprintf(values, "    --%s) words='%s' ;;\n", name, strings.Join(one.values, " "))
		}

		valued = append(valued, "--"+name)
		if one.Short != 0 {
			valued = append(valued, "-"+string(one.Short))
			if one.files {
				files = append(files, "-"+string(one.Short))
			}
		}
	}

	commands := &strings.Builder{}
	fmt.Fprintf(commands, "      '') words='%s %s' ;;\n", strings.Join(childNames(root), " "), strings.Join(flagNames(leaves[0]), " "))
	for _, group := range root.Children {
		if len(group.Children) > 0 {
			fmt.Fprintf(commands, "      '%s') words='%s' ;;\n", words(group), strings.Join(childNames(group), " "))
		}
	}

	var takingFiles []string // with no words to offer
	for _, leaf := range leaves {
		fmt.Fprintf(commands, "      '%s') words='%s' ;;\n", words(leaf), strings.Join(append(positionals(leaf), flagNames(leaf)...), " "))
		if takesFile(leaf) {
			takingFiles = append(takingFiles, "'/"+words(leaf)+"'")
		}
	}

	var paths []string
	for _, one := range append(slices.Clone(leaves), root.Children...) {
		if path := "'" + words(one) + "'"; !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}

	return completionHeading + fmt.Sprintf(`_spinscope() {
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words= path= next word i
  COMPREPLY=()
  # The = of --flag=value is a word of its own.
  [[ $current == = ]] && current=
  [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD - 2]}

  # The command is what stands before the cursor and is no flag and no flag's value.
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case $word in
      %s)
        [[ ${COMP_WORDS[i + 1]} == = ]] && i=$((i + 1))
        i=$((i + 1))
        continue
        ;;
    esac
    next=${path:+$path }$word
    case $next in
      %s) path=$next ;;
    esac
  done

  case $before in
    %s)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    %s)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      return
      ;;
%s    %s) return ;;
    *)
      case $path in
%s      esac
      [[ $current == -* ]] || [[ -z $path ]] || words=${words%%%%--*}
      case $words/$path in
        %s)
          compopt -o filenames 2>/dev/null
          mapfile -t COMPREPLY < <(compgen -f -- "$current")
          return
          ;;
      esac
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _spinscope spinscope
`, strings.Join(valued, " | "), strings.Join(paths, " | "), strings.Join(files, " | "), strings.Join(dirs, " | "), values,
		strings.Join(valued, " | "), commands, strings.Join(takingFiles, " | "))
}

func childNames(node *kong.Node) (names []string) {
	for _, child := range node.Children {
		names = append(names, child.Name)
	}
	return names
}

// positionals are the values that a command's first argument can have.
func positionals(leaf *kong.Node) (values []string) {
	if len(leaf.Positional) == 0 {
		return nil
	}
	return slices.DeleteFunc(leaf.Positional[0].EnumSlice(), func(s string) bool { return s == "" })
}

// takesFile reports whether a command's first argument is a file's path.
func takesFile(leaf *kong.Node) bool {
	return len(leaf.Positional) > 0 && leaf.Positional[0].Tag.Type == "path"
}

func zshCompletion(root *kong.Node, flags map[string]completable) string {
	var page strings.Builder
	page.WriteString("#compdef spinscope\n" + completionHeading + "\n")
	page.WriteString("_spinscope() {\n  local curcontext=$curcontext state\n  local -a line\n")
	zshGroup(&page, root, flags, "  ")
	page.WriteString("}\n\n_spinscope \"$@\"\n")
	return page.String()
}

// zshGroup completes one of several commands, and then what it takes.
func zshGroup(page *strings.Builder, group *kong.Node, flags map[string]completable, in string) {
	var commands []string
	for _, child := range group.Children {
		commands = append(commands, fmt.Sprintf("%s\\:%s", child.Name, zshQuote(child.Help, `"`)))
	}
	fmt.Fprintf(page, "%s_arguments -C '--help[Show the flags.]' '1:command:((%s))' '*::argument:->rest'\n", in,
		`"`+strings.Join(commands, `" "`)+`"`)
	fmt.Fprintf(page, "%s[[ $state == rest ]] || return\n%scase $line[1] in\n", in, in)
	for _, child := range group.Children {
		fmt.Fprintf(page, "%s  %s)\n", in, child.Name)
		if len(child.Children) > 0 {
			zshGroup(page, child, flags, in+"    ")
		} else {
			zshLeaf(page, child, flags, in+"    ")
		}
		fmt.Fprintf(page, "%s    ;;\n", in)
	}
	fmt.Fprintf(page, "%sesac\n", in)
}

func zshLeaf(page *strings.Builder, leaf *kong.Node, flags map[string]completable, in string) {
	fmt.Fprintf(page, "%s_arguments", in)
	for _, one := range leaf.Flags {
		if one.Hidden {
			continue
		}
		fmt.Fprintf(page, " \\\n%s  '--%s%s[%s]%s'", in, one.Name, map[bool]string{false: "=", true: ""}[one.IsBool()],
			zshQuote(one.Help, "[]"), zshValue(flags[one.Name]))
	}

	for i, argument := range leaf.Positional {
		action := ""
		if values := argument.EnumSlice(); len(values) > 1 {
			action = "(" + strings.Join(values, " ") + ")"
		} else if argument.Tag.Type == "path" {
			action = "_files"
		}
		fmt.Fprintf(page, " \\\n%s  '%d:%s:%s'", in, i+1, argument.Name, action)
	}

	page.WriteString("\n")
}

// zshValue is what follows a flag.
func zshValue(one completable) string {
	switch {
	case one.IsBool():
		return ""
	case one.files:
		return ":file:_files"
	case one.dirs:
		return ":directory:_files -/"
	case len(one.values) > 0:
		return ":value:(" + strings.Join(one.values, " ") + ")"
	}
	return ":value:"
}

// zshQuote writes text into a word in single quotes, in which the characters in special mean something to _arguments.
func zshQuote(text, special string) string {
	text = strings.NewReplacer("'", `'\''`, ":", `\:`).Replace(text)
	for _, c := range special {
		text = strings.ReplaceAll(text, string(c), `\`+string(c))
	}
	return text
}

func fishCompletion(root *kong.Node, leaves []*kong.Node, flags map[string]completable) string {
	var page strings.Builder
	page.WriteString(completionHeading + "complete -c spinscope -f\n")
	commands := strings.Join(childNames(root), " ")
	for _, command := range root.Children {
		fmt.Fprintf(&page, "complete -c spinscope -n '__fish_is_first_arg' -a %s -d %s\n", command.Name, fishQuote(command.Help))
		below := strings.Join(childNames(command), " ")
		for _, child := range command.Children {
			fmt.Fprintf(&page, "complete -c spinscope -n '__fish_seen_subcommand_from %s; and not __fish_seen_subcommand_from %s' -a %s -d %s\n",
				command.Name, below, child.Name, fishQuote(child.Help))
		}
	}

	for i, leaf := range leaves {
		seen := "__fish_seen_subcommand_from " + leaf.Name
		if leaf.Parent.Type == kong.CommandNode {
			seen = "__fish_seen_subcommand_from " + leaf.Parent.Name + "; and " + seen
		}
		for _, value := range positionals(leaf) {
			fmt.Fprintf(&page, "complete -c spinscope -n '%s' -a %s\n", seen, value)
		}

		if takesFile(leaf) {
			fmt.Fprintf(&page, "complete -c spinscope -n '%s' -F\n", seen)
		}
		for _, one := range leaf.Flags {
			if one.Hidden || one.Name == "help" {
				continue
			}
			fmt.Fprintf(&page, "complete -c spinscope -n '%s' -l %s%s -d %s\n", seen, one.Name, fishValue(flags[one.Name]), fishQuote(one.Help))
			if i == 0 { // the window's command is the one that needs no name
				fmt.Fprintf(&page, "complete -c spinscope -n 'not __fish_seen_subcommand_from %s' -l %s%s -d %s\n",
					commands, one.Name, fishValue(flags[one.Name]), fishQuote(one.Help))
			}
		}
	}

	page.WriteString("complete -c spinscope -l help -d 'Show the flags.'\ncomplete -c spinscope -l version -d 'Print version, commit and Go version.'\n")
	return page.String()
}

func fishValue(one completable) string {
	switch {
	case one.IsBool():
		return ""
	case one.files:
		return " -r -F"
	case one.dirs:
		return " -x -a '(__fish_complete_directories)'"
	case len(one.values) > 0:
		return " -x -a '" + strings.Join(one.values, " ") + "'"
	}
	return " -x"
}

func fishQuote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}
