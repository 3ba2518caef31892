package config

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

const commented = `# my market
[server]
listen = "127.0.0.1:6000" # for the bot

[solana]
cluster="custom"   # own node
rpc_url = 'http://127.0.0.1:8899'
# the old one:
# rpc_url = "http://10.0.0.1"
fallback = [
  {rpc_url = "http://127.0.0.1:1"}, # "first]"
  {rpc_url = "http://127.0.0.1:2"},
]

[kline]
intervals = ["m1",
  "h1"]
`

// stage writes a configuration into a file and returns its text.
func stage(t *testing.T, path string, change func(*Config)) (text string, d *Staged) {
	t.Helper()
	file, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	next := file.Config
	change(&next)
	if d, err = file.Stage(next); err != nil {
		t.Fatal(err)
	}

	if err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	again, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	if !same(again.Config, next) {
		t.Fatalf("the file reads as %+v, not as %+v", again.Config, next)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v %v", info.Mode(), err)
	}

	return string(again.text), d
}

func TestStagedKeepsTheRest(t *testing.T) {
	for _, c := range []struct {
		name, before string
		change       func(*Config)
		want         func(string) string
	}{
		{"nothing", commented, func(*Config) {}, func(s string) string { return s }},
		{"values in place", commented, func(c *Config) {
			c.Server.Listen, c.Solana.RPCURL = "127.0.0.1:7000", `http://a/"b\`
		}, strings.NewReplacer("6000", "7000", "'http://127.0.0.1:8899'", `"http://a/\"b\\"`).Replace},
		{
			"an array of several lines", commented, func(c *Config) { c.Kline.Intervals = []string{"s1"} },
			strings.NewReplacer("[\"m1\",\n  \"h1\"]", `["s1"]`).Replace,
		},
		{"an array with comments", commented, func(c *Config) { c.Solana.Fallback = nil }, func(s string) string {
			from, to := strings.Index(s, "= [\n")+2, strings.Index(s, "]\n\n[kline]")
			return s[:from] + "[" + s[to:]
		}},
		{
			"a new key in its section", commented, func(c *Config) { c.Server.Token = "0123456789" },
			strings.NewReplacer("# for the bot\n", "# for the bot\ntoken = \"0123456789\"\n").Replace,
		},
		{
			"a new section", commented, func(c *Config) { c.Window.GPU = "always" },
			func(s string) string { return s + "\n[window]\ngpu = \"always\"\n" },
		},
		{
			"tables of endpoints", "[solana]\ncluster = \"devnet\"\n[[solana.fallback]]\nrpc_url = \"http://a\"\n# b\n[[solana.fallback]]\nrpc_url = \"http://b\"\n[store]\nretention_days = 3\n",
			func(c *Config) { c.Solana.Fallback = c.Solana.Fallback[1:] },
			func(string) string {
				return "[solana]\ncluster = \"devnet\"\nfallback = [\n    {rpc_url = \"http://b\", ws_url = \"\"},\n]\n# b\n[store]\nretention_days = 3\n"
			},
		},
		{
			"dotted keys", "server.listen = \"127.0.0.1:1\"\n\"solana\" . 'cluster' = \"demo\"\n", func(c *Config) { c.Solana.Cluster = "devnet" },
			strings.NewReplacer(`"demo"`, `"devnet"`).Replace,
		},
		{
			"no line end", "[server]\nlisten = \"127.0.0.1:1\"", func(c *Config) { c.Server.Token = "0123456789" },
			func(s string) string { return s + "\ntoken = \"0123456789\"\n" },
		},
		{
			"line ends of Windows", "[server]\r\nlisten = \"127.0.0.1:1\"\r\n", func(c *Config) { c.Server.Listen = "127.0.0.1:2" },
			strings.NewReplacer(":1\"", ":2\"").Replace,
		},
		{
			"no file", "", func(c *Config) { c.Solana.Cluster = "devnet" },
			func(string) string { return headline + "[solana]\ncluster = \"devnet\"\n" },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "deep", "config.toml")
			if c.before != "" {
				path = write(t, c.before)
			}
			got, d := stage(t, path, c.change)
			if want := c.want(c.before); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if d.Backup() != "" {
				t.Errorf("a backup %s", d.Backup())
			}
		})
	}
}

// A text in which the value cannot be put in place is written anew, and the old one kept.
func TestStagedKeepsWhatItCannotEdit(t *testing.T) {
	const before = "# mine\nsolana = {cluster = \"devnet\"}\nserver.listen = \"127.0.0.1:1\"\n"
	path := write(t, before)
	_, d := stage(t, path, func(c *Config) { c.Solana.Cluster = "mainnet" })
	kept, err := os.ReadFile(d.Backup())
	if err != nil || string(kept) != before || d.Backup() != path+".bak" {
		t.Fatalf("%s holds %q: %v", d.Backup(), kept, err)
	}
}

func TestStageThroughALink(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: links need rights on Windows")
	}
	real := write(t, commented)
	link := filepath.Join(t.TempDir(), "config.toml")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(real, 0o644); err != nil {
		t.Fatal(err)
	}
	stage(t, link, func(c *Config) { c.Store.RetentionDays = 9 })
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Fatalf("the link is gone: %v %v", info, err)
	}
}

func TestStageIsRefusedWhenTheFileChanged(t *testing.T) {
	path := write(t, commented)
	file, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{commented + "\n", "broken"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := file.Stage(Default()); !errors.Is(err, ErrChanged) {
			t.Errorf("got %v", err)
		}
	}
}

func TestDiscard(t *testing.T) {
	path := write(t, commented)
	file, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := file.Stage(Default())
	if err != nil {
		t.Fatal(err)
	}
	d.Discard()
	left, err := os.ReadDir(filepath.Dir(path))
	if text, _ := os.ReadFile(path); err != nil || len(left) != 1 || string(text) != commented {
		t.Fatalf("left %v, %v: %s", left, err, text)
	}
}

// Whatever the values, the edited text reads as them.
func TestStagedReadsAsWritten(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(texts ...string) string { return texts[random.IntN(len(texts))] }
	odd := func() string {
		return pick("", "plain", `"quoted"`, `back\slash`, "line\nend", "tab\t", "\x00\x7f", "ünï", "#no comment", "]", "'", `"""`, "= 3")
	}
	path := write(t, commented)
	for range 300 {
		_, d := stage(t, path, func(c *Config) {
			for _, text := range []*string{&c.Solana.RPCURL, &c.Server.Token, &c.Solana.WSURL, &c.Window.GPU} {
				if random.IntN(3) == 0 {
					*text = odd()
				}
			}

			if random.IntN(4) == 0 {
				c.Store.RetentionDays = random.IntN(100)
				c.Solana.Fallback = make([]Endpoint, random.IntN(3))
				for i := range c.Solana.Fallback {
					c.Solana.Fallback[i] = Endpoint{odd(), odd()}
				}
				c.Kline.Intervals = []string{odd(), odd()}[:random.IntN(3)]
			}
		})
		if d.Backup() != "" {
			t.Fatal("a comment was lost")
		}
	}

	text, _ := os.ReadFile(path)
	for _, comment := range []string{"# my market", "# for the bot", "# own node", "# the old one:"} {
		if !strings.Contains(string(text), comment) {
			t.Errorf("%q is gone from\n%s", comment, text)
		}
	}
}

// FuzzEdit: a text that the parser takes is either edited so that it reads as wanted, or refused.
func FuzzEdit(f *testing.F) {
	for _, text := range []string{commented, "", "a.b.c = 1", "[[x]]\n[x.y]\nz = '''\n'''''", "k = {a = [1, {b = \"]\"}]} # }", "[", "\"", "= =", "[a", "a = \"\\"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		before := Default()
		if parse(text, &before) != nil {
			_, _ = statements(text)
			return
		}

		next := before
		next.Solana.Cluster, next.Store.RetentionDays, next.Solana.Fallback = "devnet", 17, []Endpoint{{"http://a", ""}}
		out, ok := edited(text, before, next)
		if !ok {
			return
		}

		check := Default()
		if err := parse(out, &check); err != nil || !same(check, next) {
			t.Fatalf("%q became %q: %v", text, out, err)
		}
	})
}

// The fallback of an edit is a whole file: it must read as what was written.
func TestEveryFieldCanBeWritten(t *testing.T) {
	cfg := Default()
	cfg.Solana.Fallback = []Endpoint{{"http://a", "ws://b"}}
	cfg.CORS.AllowOrigins = []string{"https://a.example"}
	for _, c := range changes(Config{}, cfg) {
		if c.value.Kind() == reflect.Interface || c.value.Kind() == reflect.Pointer || c.value.Kind() == reflect.Float64 {
			continue // not in a Form
		}
		if _, err := literal(c.value); err != nil {
			t.Errorf("%s.%s: %v", c.section, c.key, err)
		}
	}
}
