package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spinscope/backend/alert"
)

const someMint = "So11111111111111111111111111111111111111112"

func TestAlertCommands(t *testing.T) {
	dir := t.TempDir()
	at := func(args ...string) []string { return append([]string{"alert"}, append(args, "--data-dir", dir)...) }
	do := func(want string, args ...string) string {
		t.Helper()
		code, stdout, stderr := run(t, at(args...)...)
		if code != 0 || !strings.Contains(stdout, want) || stderr != "" {
			t.Fatalf("%v: exit %d with %q, %q; want %q", args, code, stdout, stderr, want)
		}
		return stdout
	}
	do("no rules", "list")

	id := strings.TrimSpace(do("", "add", "--kind", "price_above", "--symbol", someMint, "--price", "0.000000030"))
	do("jump", "add", "--kind", "percent_move", "--percent", "12.5", "--window", "60", "--id", "jump", "--once")
	do("big", "add", "--kind", "liquidation", "--min-size", "1.50", "--id", "big", "--muted")
	do("", "mute", "jump")
	do("", "unmute", "big")
	lines := strings.Split(strings.TrimSpace(do("", "list", "--json")), "\n")
	var rules []alert.Fields
	for _, line := range lines {
		var f alert.Fields
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		rules = append(rules, f)
	}

	if len(rules) != 3 || rules[0].ID != id || rules[0].Price != "0.00000003" || rules[0].CreatedAt == 0 ||
		!rules[1].Muted || rules[1].Direction != "both" || rules[1].Percent != "12.5" || rules[2].Muted || rules[2].MinSize != "1.5" {
		t.Fatalf("%+v", rules)
	}
	do("12.5 % in 60 s, both", "list")
	do("muted, once", "list")
	do("", "remove", id)
	do("", "remove", "jump")
	do("of 1.5 or more", "list")
	info, err := os.Stat(filepath.Join(dir, alert.FileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
}

func TestAlertCommandErrors(t *testing.T) {
	dir := t.TempDir()
	if code, _, text := run(t, "alert", "add", "--kind", "new_token", "--id", "mine", "--data-dir", dir); code != 0 {
		t.Fatal(text)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"add"}, 2, "--kind"},
		{[]string{"add", "--kind", "full_moon"}, 2, "--kind: \"full_moon\" is unknown: use one of price_above"},
		{[]string{"add", "--kind", "price_above", "--price", "1"}, 2, "--symbol: missing"},
		{[]string{"add", "--kind", "price_above", "--symbol", "x", "--price", "1"}, 2, "--symbol"},
		{[]string{"add", "--kind", "price_below", "--symbol", someMint}, 2, "--price: missing"},
		{[]string{"add", "--kind", "price_below", "--symbol", someMint, "--price", "3e-8"}, 2, "0.00000003"},
		{[]string{"add", "--kind", "price_below", "--symbol", someMint, "--price=-1"}, 2, "--price"},
		{[]string{"add", "--kind", "percent_move", "--percent", "1"}, 2, "--window: missing"},
		{[]string{"add", "--kind", "percent_move", "--percent", "1", "--window", "9"}, 2, "--window: 9 is not from 10 to 86400"},
		{[]string{"add", "--kind", "percent_move", "--percent", "1", "--window", "60", "--direction", "left"}, 2, "--direction"},
		{[]string{"add", "--kind", "volume_spike", "--factor", "1", "--window", "60"}, 2, "--factor"},
		{[]string{"add", "--kind", "new_token", "--min-size", "1"}, 2, "--min-size: new_token has no use for it"},
		{[]string{"add", "--kind", "new_token", "--id", "a b"}, 2, "--id"},
		{[]string{"add", "--kind", "new_token", "--id", "mine"}, 2, "spinscope alert remove mine"},
		{[]string{"remove"}, 2, "<id>"},
		{[]string{"remove", "other"}, 2, "spinscope alert list"},
		{[]string{"mute", "other"}, 2, "other"},
		{[]string{"unmute", "other"}, 2, "other"},
		{[]string{"dance"}, 2, "dance"},
	} {
		code, _, text := run(t, append([]string{"alert"}, append(c.args, "--data-dir", dir)...)...)
		if code != c.code || !strings.Contains(text, c.want) || strings.Count(text, "\n") != 1 {
			t.Errorf("%v: exit %d with %q, want %d with %q", c.args, code, text, c.code, c.want)
		}
	}

	path := filepath.Join(dir, alert.FileName)
	if err := os.WriteFile(path, []byte("{\"version\": 1,\n \"rules\": [\n  {\"id\": \"a\", \"kind\": \"new_token\"},\n  oops]}"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, text := run(t, "alert", "list", "--data-dir", dir)
	if code != 0 || !strings.Contains(out, "a   new_token") || !strings.Contains(text, "line 4") {
		t.Errorf("exit %d with %q, %q", code, out, text)
	}

	if code, _, text := run(t, "alert", "remove", "a", "--data-dir", dir); code != 1 || !strings.Contains(text, "mended") || !strings.Contains(text, path) {
		t.Errorf("exit %d with %q", code, text)
	}
}
