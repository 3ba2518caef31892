package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// block is a fenced block of a document.
type block struct {
	file string // from the repository's root
	line int    // of its fence
	kind string // what stands behind the fence
	text string
}

// shellLine says how command lines that begin so are tried.
type shellLine struct {
	file   string // of this document alone; "": of all
	begins string // pattern
	try    func(*page, block)
}

// listing is a program that stands in a document.
type listing struct {
	file, kind    string
	before, after string   // what the document leaves out
	shows         []string // patterns of lines that it prints
}

// blockKinds says for each kind of block how one is tried. A block of another kind fails the test, and so does a kind that no
// document has.
var blockKinds = map[string]func(*page, block){
	"sh": (*page).shell,

	"js":     (*page).program,
	"ts":     (*page).program,
	"python": (*page).program,
	"go":     (*page).program,
	"sql":    (*page).query,

	"json": (*page).json,
	"toml": (*page).configuration,
	"ini":  (*page).unit,

	"nginx": elsewhere("the page's tests run an nginx with it", named("frontend/e2e/proxy.test.mjs", "docs/operations.md")),
	"conf":  elsewhere("TestNodesFail runs NATS servers with it", named("backend/e2e/nodes_test.go", `fenced(s.t, "nodes.md", "server_name`)),

	"text": (*page).figure,
}

// shellLines says for each command line of a document how it is tried, by what the line begins with; the first one that fits
// counts. A line of another kind fails the test, and so does one of these that no document has.
var shellLines = []shellLine{
	{"docs/nodes.md", `spinscope (serve|edge) `, elsewhere("TestNodesFail runs both with the document's configuration", named("backend/e2e/nodes_test.go", `fenced(s.t, "nodes.md", "[bus]`, `s.node("one",`, `"", "edge")`))},
	{"docs/nodes.md", `openssl req |for n in 1 2 3; do openssl req `, elsewhere("TestNodesFail and TestEmbeddedNodes make their certificates so", named("backend/e2e/nodes_test.go", `fenced(t, "nodes.md", "openssl req")`))},
	{"", `spinscope serve `, (*page).serves},
	{"", `spinscope `, (*page).runs},
	{"", `curl -N `, (*page).streams},
	{"", `curl -s `, (*page).answers},
	{"", `npm install \./`, (*page).runs},
	{"", `pip install `, (*page).installsPython},
	{"", `tar xf `, (*page).runs},
	{"", `go mod `, (*page).inGoModule},

	{"", `make run\b|make test\b`, elsewhere("they build the app and open windows: CI does", targets)},
	{"", `make server && sudo make install\b`, elsewhere("TestInstall installs so, without root", targets, named("backend/e2e/install_test.go", `"install"`))},
	{"", `npm (ci|run)\b`, elsewhere("make test-page and make e2e call them", npmScripts)},

	{"", `minisign `, elsewhere("make test-package checks the signature of what it made", named("build/test-package.sh", "sha256sum --quiet -c SHA256SUMS", "minisign -Vqm"))},
	{"", `sudo nano `, elsewhere("an editor; make test-package changes the file and upgrades", named("build/test-package.sh", "sed -i 's/^listen = .*/", "/etc/spinscope/config.toml"))},
	{"", `(sudo systemctl enable --now|journalctl -fu) spinscope\b`, elsewhere("it wants systemd; make test-package verifies the unit and runs its command line", named("build/test-package.sh", "systemctl enable --now spinscope", "systemd-analyze verify"), named("build/linux/spinscope.service", "ExecStart="))},
	{"", `docker load -i spinscope-server-0\.1\.0-container-amd64\.tar\b`, elsewhere("it wants Docker; make test-package unpacks the image", named("build/package/table.go", `"spinscope-server-{v}-container-amd64.tar"`), named("build/test-package.sh", "*-container-amd64.tar"))},
	{"", `docker run .*spinscope:0\.1\.0$`, elsewhere("it wants Docker; make test-package runs the image by chroot with the same settings", named("build/package/container.go", `"spinscope:"`, "/var/lib/spinscope"), named("build/test-package.sh", "SPINSCOPE_SERVER_TOKEN", "SPINSCOPE_SOLANA_CLUSTER"))},
}

// listings says what the programs of the documents print, and what a document leaves out before them. Of a query, `before` is
// the command that makes what it reads.
var listings = []listing{
	{"README.md", "js", "", "", []string{`^past \d+ [\d.e-]+$`, `^(closed|live) \d+ .*[\d.e-]+$`}},
	{"docs/protocol.md", "js", "", "", []string{`close.*update_type|│`, `^\d+ [\d.e-]+ (realtime|final)$`}},
	{"docs/tradingview.md", "js", tradingView, "", []string{`^widget of \w+$`, `^supported_resolutions \d+$`}},
	{"frontend/src/api/client/README.md", "js", "", "", []string{`^\d+ candles, 0 gaps$`, `^\d+ [\d.e-]+ (true|false)$`}},
	{
		"frontend/src/api/client/README.md", "ts", "import { connect, Spinscope } from '@spinscope/client'\n" +
			"const mint = (await new Spinscope('http://127.0.0.1:5051').greeting()).supportedSymbols[0]!\n", "",
		[]string{`^connected`, `│`, `^\d+ [\d.e-]+ (realtime|final)$`},
	},
	{"frontend/clients/python/README.md", "python", "", "", []string{`\d+ gaps$`, `^\d+ [\d.e-]+ (True|False)$`}},
	{"frontend/clients/go/README.md", "go", goBefore, goAfter, []string{`^\d+ candles, 0 gaps$`, `^\d+ [\d.e-]+ (true|false)$`}},
	{"docs/analyst.md", "python", "", "", []string{`^shape: \([1-9][\d_]*, \d+\)$`, `date`}},
	{"docs/analyst.md", "sql", "", "", []string{`^\('\w{40,}', [1-9]\d*, .*\)$`}},
	{"docs/operations.md", "sql", "spinscope export trades --partition day --url http://127.0.0.1:5051 -o trades", "", []string{`^\(datetime\.date\(\d+, \d+, \d+\), [1-9]\d*, .*\)$`}},
}

// tradingView stands in for the charting library, which is not ours to have: it asks the data feed for its configuration, as
// the library does first.
const tradingView = `
const TradingView = { widget: class { constructor({ symbol, datafeed }) { console.log('widget of', symbol); datafeed.ready() } } }
const Datafeeds = { UDFCompatibleDatafeed: class {
  constructor(url) { this.url = url }
  async ready() {
    const settings = await (await fetch(this.url + '/config')).json()
    console.log('supported_resolutions', settings.supported_resolutions.length)
  }
} }
`

const goBefore = `package main

import (
	"context"
	"fmt"
	"os"

	spinscope "spinscope/client"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
`

const goAfter = "}\n"

// page is a document that is tried, from its first block to its last, in a directory of its own and as a user of its own.
type page struct {
	*testing.T
	server *server
	market *cluster
	mint   string
	dir    string
	env    []string
	blocks []block
}

// TestEveryBlockIsTried: the tables say of every block and command line of the documents how it is tried, and nothing else.
func TestEveryBlockIsTried(t *testing.T) {
	used, commands := map[any]bool{}, 0
	for _, blocks := range blocksOf(t) {
		for _, b := range blocks {
			if blockKinds[b.kind] == nil {
				t.Errorf("%s:%d: a block of kind %q that nobody runs: say how in blockKinds", b.file, b.line, b.kind)
			}
			used[b.kind] = true
			if one := programOf(b); one != nil {
				used[one] = true
			}
			if b.kind != "sh" {
				continue
			}

			for _, line := range b.commands() {
				commands++
				how := lineOf(line)
				if how == nil {
					t.Errorf("%s:%d: a command that nobody runs, say how in shellLines: %s", line.file, line.line, line.text)
				}
				used[how] = true
			}
		}
	}

	for kind := range blockKinds {
		if !used[kind] {
			t.Errorf("no document has a block of kind %s", kind)
		}
	}
	for i := range shellLines {
		if !used[&shellLines[i]] {
			t.Errorf("no document has a command that begins with %s", shellLines[i].begins)
		}
	}
	for i := range listings {
		if !used[&listings[i]] {
			t.Errorf("%s has no block of kind %s", listings[i].file, listings[i].kind)
		}
	}
	if commands < 40 {
		t.Errorf("only %d commands were found", commands)
	}
}

// TestDocumentsRun tries every fenced block of the documents: commands are typed, programs run, queries asked, settings read. What
// cannot be done on every machine is done by another test, and named here with it.
func TestDocumentsRun(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--rate", "20", "--slot", "200ms", "--mints", "2", "--history", "90s", "--seed", "31")
	s := startServer(t, t.TempDir(), market.flags()...)
	caughtUp(t, s)
	mint := market.readLedger().busiest(1)[0]

	bin := t.TempDir()
	if err := os.Symlink(binary, filepath.Join(bin, "spinscope")); err != nil {
		t.Fatal(err)
	}

	t.Run("documents", func(t *testing.T) {
		for file, blocks := range blocksOf(t) {
			t.Run(file, func(t *testing.T) {
				t.Parallel()
				p := &page{T: t, server: s, market: market, mint: mint, dir: t.TempDir(), blocks: blocks}
				p.env = visitor(p.dir, bin)
				for _, b := range blocks {
					if try := blockKinds[b.kind]; try != nil {
						try(p, b)
					}
				}
			})
		}
	})
	s.end()
}

// visitor is the environment of somebody who reads the documents for the first time. The stores of npm, pip and Go are this
// machine's.
func visitor(home, bin string) (env []string) {
	for _, one := range os.Environ() {
		if !strings.HasPrefix(one, "SPINSCOPE_") && !strings.HasPrefix(one, "PATH=") {
			env = append(env, one)
		}
	}
	return append(env,
		"PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"), "XDG_CONFIG_HOME="+filepath.Join(home, ".config"), "XDG_DATA_HOME="+filepath.Join(home, ".data"),
		"SPINSCOPE_SERVER_LISTEN=127.0.0.1:0", "SPINSCOPE_METADATA_ENABLED=false", "TZ=UTC", "GORACE=atexit_sleep_ms=0", "PYTHONUNBUFFERED=1",
		"npm_config_audit=false", "npm_config_fund=false", "npm_config_update_notifier=false", "npm_config_prefer_offline=true",
		"PIP_DISABLE_PIP_VERSION_CHECK=1", "PIP_QUIET=1", "GOFLAGS=-mod=mod -buildvcs=false", "GOWORK=off")
}

var fence = regexp.MustCompile("^\\s*```(.*)$")

// blocksOf finds the blocks of the documents, by document.
func blocksOf(t *testing.T) map[string][]block {
	t.Helper()
	found := map[string][]block{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && (slices.Contains([]string{"node_modules", "dist", "testdata", "build"}, name) || strings.HasPrefix(name, ".")) {
			return filepath.SkipDir
		}
		if entry.IsDir() || filepath.Ext(path) != ".md" {
			return nil
		}

		text, err := os.ReadFile(path) //nolint:gosec // the repository's own
		if err != nil {
			return err
		}
		file, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		found[filepath.ToSlash(file)] = blocksIn(t, filepath.ToSlash(file), string(text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for file, blocks := range found {
		if len(blocks) == 0 {
			delete(found, file)
		}
	}
	return found
}

// blocksIn are the blocks of one document.
func blocksIn(t *testing.T, file, text string) (blocks []block) {
	t.Helper()
	open := false
	for i, line := range strings.Split(text, "\n") {
		mark := fence.FindStringSubmatch(line)
		switch {
		case mark != nil && open:
			open = false
		case mark != nil:
			open = true
			blocks = append(blocks, block{file: file, line: i + 1, kind: strings.TrimSpace(mark[1])})
		case open:
			blocks[len(blocks)-1].text += line + "\n"
		}
	}
	if open {
		t.Errorf("%s: a block has no end", file)
	}
	return blocks
}

// commands are the command lines of a block for a shell, without comments.
func (b block) commands() (lines []block) {
	whole := ""
	for i, line := range strings.Split(b.text, "\n") {
		if begun, more := strings.CutSuffix(line, "\\"); more {
			whole += begun
			continue
		}
		line, _, _ = strings.Cut(whole+line, " #")
		whole = ""
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, block{b.file, b.line + 1 + i, b.kind, line})
		}
	}
	return lines
}

// lineOf is how a command line is tried, nil for nobody's.
func lineOf(b block) *shellLine {
	for i, line := range shellLines {
		if (line.file == "" || line.file == b.file) && regexp.MustCompile("^(?:"+line.begins+")").MatchString(b.text) {
			return &shellLines[i]
		}
	}
	return nil
}

// programOf is what is known of a program, nil for what is none.
func programOf(b block) *listing {
	for i, one := range listings {
		if one.file == b.file && one.kind == b.kind {
			return &listings[i]
		}
	}
	return nil
}

// here puts this test's server, coin, packages and directories in the place of those that the documents write.
func (p *page) here(text string) string {
	p.Helper()
	text = regexp.MustCompile(`\bMINT\b`).ReplaceAllString(text, p.mint)
	text = regexp.MustCompile(`\bWALLET\b`).ReplaceAllString(text, "JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG")
	for documented, pattern := range map[string]string{
		"spinscope-client-0.1.0.tgz": "spinscope-client-*.tgz", "spinscope-0.1.0-py3-none-any.whl": "spinscope-*.whl", "spinscope-client-go-0.1.0.tar.gz": "spinscope-client-go-*.tar.gz",
	} {
		if !strings.Contains(text, documented) {
			continue
		}
		made := packed(p.T, pattern)
		if err := os.Link(made, filepath.Join(p.dir, filepath.Base(made))); err != nil {
			p.Fatal(err)
		}
		text = strings.ReplaceAll(text, documented, filepath.Base(made))
	}
	return strings.NewReplacer(
		"http://127.0.0.1:5051", p.server.url(""), "serve --cluster mainnet", "serve "+strings.Join(p.market.flags(), " "), "--cluster mainnet", "--cluster custom", "https://…", p.market.rpc, "wss://…", p.market.ws,
		"/var/lib/", p.dir+"/", "/var/backups/", p.dir+"/", "/etc/spinscope/", p.dir+"/",
	).Replace(text)
}

// shell types a block's commands, one after the other.
func (p *page) shell(b block) {
	p.Helper()
	for _, line := range b.commands() {
		if how := lineOf(line); how != nil {
			how.try(p, line)
		}
	}
}
