package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spinscope/backend/config"
	"spinscope/backend/watch"
)

func TestWatchCommands(t *testing.T) {
	dir := t.TempDir()
	const other = "CWiTGbCiDd8BKtNYNE2boT9fJGFG2MU53Uf6HQk4pump"
	do := func(code int, out, problem string, args ...string) {
		t.Helper()
		got, stdout, stderr := run(t, append(append([]string{"watch"}, args...), "--data-dir", dir)...)
		if got != code || !strings.Contains(stdout, out) || (problem == "") != (stderr == "") || !strings.Contains(stderr, problem) {
			t.Fatalf("%v: exit %d with %q, %q; want %d with %q, %q", args, got, stdout, stderr, code, out, problem)
		}
	}
	do(0, "no coins in "+filepath.Join(dir, watch.FileName), "", "list")
	do(0, someMint+"\n"+other+"\n", "", "add", someMint, "https://pump.fun/coin/"+other+"?x=1")
	do(0, other+"\n", "", "add", other) // it is watched: that is what was asked for
	do(0, "MINT", "", "list")
	do(0, `{"mint":"`+someMint+`","added_at":`, "", "list", "--json")
	do(2, "", "32 to 44 letters and digits", "add", "my coin")
	do(0, "", "", "remove", someMint)
	do(2, "", "spinscope watch list shows them", "remove", someMint)
	if err := os.WriteFile(filepath.Join(dir, watch.FileName), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}

	do(1, "", "must be mended first", "add", someMint)
	do(1, "", "must be mended first", "list")
}

// TestDataDirectoryOfTheEnvironment: the commands that change a file in it mean the directory that the server would use.
func TestDataDirectoryOfTheEnvironment(t *testing.T) {
	named, flag := t.TempDir(), t.TempDir()
	for _, command := range []string{"alert", "watch"} {
		for _, c := range []struct {
			args []string
			want string
		}{
			{[]string{command, "list"}, named},
			{[]string{command, "list", "--data-dir", flag}, flag},
		} {
			var out, problem bytes.Buffer
			code := Main(c.args, Program{Stdout: &out, Stderr: &problem, Env: []string{config.DataDirVariable + "=" + named}})
			if code != 0 || !strings.Contains(out.String(), " in "+c.want+string(filepath.Separator)) {
				t.Errorf("%v: exit %d with %q, %q; want the one in %s", c.args, code, &out, &problem, c.want)
			}
		}
	}
}
