//go:build desktop

package app

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"spinscope/backend"
	"spinscope/backend/config"
	"spinscope/backend/export"
	"spinscope/backend/polltest"
)

// onDemo is an app without a window on the demo market, of which something is stored.
func onDemo(t *testing.T) *App {
	t.Helper()
	cfg := config.Default()
	cfg.Server.Listen, cfg.Solana.Cluster = "127.0.0.1:0", "demo"
	o := backend.Options{Config: cfg, Assets: fstest.MapFS{}, DataDir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}
	a := &App{options: o, log: o.Logger, server: newService(o)}
	a.server.start(func(err error) { t.Errorf("the server fell: %v", err) })
	t.Cleanup(func() {
		if !a.server.stop(time.Minute) {
			t.Error("the server does not stop")
		}
	})

	polltest.Until(t, "trades are stored", func() bool {
		server, ctx, running := a.server.current()
		if !running {
			t.Fatal("the server fell")
		}
		from, to := export.Always()
		probe := filepath.Join(o.DataDir, "probe.csv")
		m, err := server.Export(ctx, export.Request{Kind: export.Trades, From: from, To: to}, probe, nil)
		if err != nil && !errors.Is(err, backend.ErrNotRunning) {
			t.Fatal(err)
		}
		return m.Rows > 100
	})
	return a
}

// witness keeps the events of one export.
type witness struct {
	progress []ExportProgress
	ends     []ExportEnd
	before   func(n int) // called with the count of those before
}

func (w *witness) take(event string, value any) {
	if w.before != nil {
		w.before(len(w.progress) + len(w.ends))
	}
	switch event {
	case "export:progress":
		w.progress = append(w.progress, value.(ExportProgress))
	case "export:end":
		w.ends = append(w.ends, value.(ExportEnd))
	}
}

// export runs one as the dialog asks for it, into path.
func (w *witness) export(t *testing.T, a *App, asked ExportRequest, path string) ExportEnd {
	t.Helper()
	request, err := asked.parse()
	if err != nil {
		t.Fatal(err)
	}
	ctx, done, err := a.exports.begin()
	if err != nil {
		t.Fatal(err)
	}
	defer done()

	a.runExport(ctx, request, path, w.take)
	if len(w.ends) != 1 || len(w.progress) == 0 && w.ends[0].Error == "" || w.ends[0].Path != path {
		t.Fatalf("it was sent %+v", w)
	}
	return w.ends[0]
}

// TestExportsOfTheWindow has the window write every kind in every format, with the manifest that the command line writes,
// stop, and say why there is no file.
func TestExportsOfTheWindow(t *testing.T) {
	a := onDemo(t)
	dir := t.TempDir()

	for _, kind := range export.Kinds() {
		for _, ending := range []string{"csv", "jsonl", "parquet", "arrow", "csv.gz", "jsonl.zst"} {
			format, _, _ := strings.Cut(ending, ".")
			path := filepath.Join(dir, string(kind)+"."+ending)
			var w witness
			end := w.export(t, a, ExportRequest{Kind: string(kind), Format: format, Interval: "m1"}, path)
			if end.Error != "" || end.Stopped || end.Rows == 0 && kind != export.Gaps {
				t.Fatalf("%s: %+v", path, end)
			}

			if rows, err := export.RowsIn(path, export.Format(format)); err != nil || rows != end.Rows {
				t.Errorf("%s: %d rows are in it, %v; the window says %+v", path, rows, err, end)
			}
			m := manifestOf(t, path)
			if m.Rows != end.Rows || string(m.Kind) != string(kind) || m.Store == "" || m.Seq == 0 || len(m.Gaps) != end.Gaps || m.Files[0].Bytes != end.Bytes {
				t.Errorf("%s: the manifest says %+v, the window %+v", path, m, end)
			}
		}
	}

	t.Log("some tokens, and a range that holds nothing")
	mint := a.someMint(t)
	path := filepath.Join(dir, "one.csv")
	one := (&witness{}).export(t, a, ExportRequest{Kind: "trades", Format: "csv", Mints: []string{mint}}, path)
	all := (&witness{}).export(t, a, ExportRequest{Kind: "trades", Format: "csv"}, filepath.Join(dir, "trades.csv")) // there are more by now
	if one.Rows == 0 || one.Rows >= all.Rows {
		t.Errorf("%d rows of one token, %d of all", one.Rows, all.Rows)
	}
	if m := manifestOf(t, path); len(m.Mints) != 1 || m.Mints[0] != mint || m.From != nil {
		t.Errorf("%+v", m)
	}
	last := int64(1)
	none := (&witness{}).export(t, a, ExportRequest{Kind: "trades", Format: "csv", From: new(int64), To: &last}, path)
	if m := manifestOf(t, path); none.Rows != 0 || none.Error != "" || *m.From != 0 || *m.To != 1 {
		t.Errorf("%+v, %+v", none, m)
	}

	t.Log("stopped: what was there stays, and nothing else")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := range 2 { // before the first row, and at the first that was written
		w := witness{before: func(n int) {
			if n == at {
				a.StopExport()
			}
		}}
		end := w.export(t, a, ExportRequest{Kind: "trades", Format: "csv"}, path)
		if !end.Stopped || end.Error != "" {
			t.Errorf("stopped at %d: %+v", at, end)
		}
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the file became %q, %v", after, err)
	}

	t.Log("one at a time")
	_, done, err := a.exports.begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Export(ExportRequest{Kind: "trades", Format: "csv"}); !errors.Is(err, errExporting) {
		t.Errorf("a second export: %v", err)
	}
	done()

	t.Log("a place that takes no file, a full disk")
	for target, want := range map[string]string{
		filepath.Join(dir, "no", "x.csv"): "there is no directory " + filepath.Join(dir, "no"),
		dir:                               "is a directory",
		"/dev/full":                       "/dev/full: the disk is full: nothing of it was kept: make room there",
	} {
		if end := (&witness{}).export(t, a, ExportRequest{Kind: "events", Format: "csv"}, target); !strings.Contains(end.Error, want) || end.Stopped {
			t.Errorf("%s: %+v", target, end)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, ".spinscope*"))
	if err != nil || len(left) > 0 {
		t.Error("left:", left, err)
	}

	t.Log("the server ends meanwhile")
	gone := filepath.Join(dir, "gone.csv")
	w := witness{before: func(n int) {
		if n == 0 && !a.server.stop(time.Minute) {
			t.Error("the server does not stop")
		}
	}}
	if end := w.export(t, a, ExportRequest{Kind: "trades", Format: "csv"}, gone); end.Stopped || !strings.Contains(end.Error, "gone.csv: the server was stopped or started anew") {
		t.Errorf("%+v", end)
	}
	if _, err := os.Stat(gone); err == nil {
		t.Error("a file was written")
	}
}

func TestExportsThatAreNotUnderstoodAreRefused(t *testing.T) {
	a := &App{}
	for want, asked := range map[string]ExportRequest{
		"unknown kind":   {Kind: "prices", Format: "csv"},
		"unknown format": {Kind: "trades", Format: "xlsx"},
		"interval":       {Kind: "candles", Format: "csv", Interval: "m7"},
		"not base58":     {Kind: "trades", Format: "csv", Mints: []string{"abc"}},
	} {
		if path, err := a.Export(asked); err == nil || path != "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %q, %v", asked, path, err)
		}
	}
	a.StopExport() // of none
}

func TestWithEnding(t *testing.T) {
	for _, c := range []struct{ path, proposed, want string }{
		{"/x/SPT-m1.csv", "SPT-m1.csv", "/x/SPT-m1.csv"},
		{"/x/mine", "SPT-m1.csv.gz", "/x/mine.csv.gz"},
		{"/x/mine.txt", "SPT-m1.csv", "/x/mine.txt"},
		{"/x.y/mine", "", "/x.y/mine.csv"},
	} {
		if got := withEnding(c.path, c.proposed, export.CSV); got != c.want {
			t.Errorf("%s: %s, want %s", c.path, got, c.want)
		}
	}
}

// TestDialogsBeginWhereTheLastEnded gives the file dialog a directory that it takes.
func TestDialogsBeginWhereTheLastEnded(t *testing.T) {
	a := &App{}
	if got := a.lastDir(); got != "" {
		t.Errorf("at first: %s", got)
	}
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	real, link := filepath.Join(base, "real"), filepath.Join(base, "link")
	if err := errors.Join(os.Mkdir(real, 0o700), os.Symlink(real, link)); err != nil {
		t.Fatal(err)
	}

	a.wentTo(filepath.Join(link, "x.csv"))
	if got := a.lastDir(); got != real {
		t.Errorf("through a link: %s, want %s", got, real)
	}
	if err := os.Remove(real); err != nil {
		t.Fatal(err)
	}
	if got := a.lastDir(); got != "" {
		t.Errorf("a directory that is gone: %s", got)
	}
}

// manifestOf reads the manifest beside a file, which must have the file's checksum.
func manifestOf(t *testing.T, path string) export.Manifest {
	t.Helper()
	text, err := os.ReadFile(path + export.ManifestEnding)
	if err != nil {
		t.Fatal(err)
	}
	m, err := export.ParseManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	sum := sha256.Sum256(data)
	if len(m.Files) != 1 || m.Files[0].Path != filepath.Base(path) || m.Files[0].SHA256 != hex.EncodeToString(sum[:]) {
		t.Fatalf("%s: %+v", path, m.Files)
	}
	return m
}

// someMint is a token that has traded, as an export of trades names it.
func (a *App) someMint(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trades.jsonl")
	(&witness{}).export(t, a, ExportRequest{Kind: "trades", Format: "jsonl"}, path)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), `"mint":"`)
	mint, _, _ := strings.Cut(rest, `"`)
	return mint
}
