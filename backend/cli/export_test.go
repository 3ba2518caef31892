package cli

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spinscope/backend/export"
)

// TestExportFromAServer downloads from servers that answer well, refuse, break off, and do not say how many rows.
func TestExportFromAServer(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer letmeinplease" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprint(w, `{"success":false,"data":null,"message":"a token is needed"}`)
			return
		}
		if r.URL.Query().Get("format") == "jsonl" { // gaps for the manifest
			_, _ = fmt.Fprintln(w, `{"from_slot":1,"to_slot":2,"state":"open","cause":"cut","seq":3}`)
			_, _ = fmt.Fprintln(w, `{"from_slot":4,"to_slot":5,"state":"filled","cause":"cut","seq":3}`)
			return
		}

		w.Header().Set(export.StoreHeader, "0f0f")
		w.Header().Set(export.SeqHeader, "42")
		if mints := r.URL.Query()["mint"]; len(mints) > 0 {
			t.Errorf("mints asked for: %v", mints)
		}

		_, _ = fmt.Fprintln(w, "mint,time")
		switch r.URL.Query().Get("kind") {
		case "trades":
			http.NewResponseController(w).Flush() //nolint:errcheck // the client is there
			panic(http.ErrAbortHandler)
		case "events": // without a trailer: the rows are counted
			_, _ = fmt.Fprint(w, "\"a\nb\",1\nc,2\n")
			return
		}

		http.NewResponseController(w).Flush() //nolint:errcheck // the client is there
		w.Header().Set(http.TrailerPrefix+export.RowsTrailer, "0")
	}))
	defer server.Close()

	dir := t.TempDir()
	path := filepath.Join(dir, "x.csv")
	plain := strings.TrimPrefix(server.URL, "http://")
	for _, c := range []struct {
		args []string
		code int
		want string
		file bool
	}{
		{[]string{"candles", "--url", plain, "--token", "letmeinplease"}, 0, "0 rows written to " + path + "\nno candles are stored of any token\n", true},
		{[]string{"gaps", "--url", plain, "--token", "letmeinplease", "--to", "2026"}, 0, "0 rows written to " + path + "\nno gaps are known of any token up to 2026: nothing is known to be missing there\n", true},
		{[]string{"events", "--url", server.URL + "/", "--token", "letmeinplease"}, 0, "2 rows written to " + path + "\n", true},
		{[]string{"trades", "--url", server.URL, "--token", "letmeinplease"}, 1, "the server broke off after 0 kB: its log says why; no file was written", false},
		{[]string{"orders", "--url", server.URL}, 1, "401 Unauthorized: a token is needed: give it with --token or SPINSCOPE_TOKEN", false},
		{[]string{"orders", "--url", "http://a b"}, 2, "--url http://a b: write it as", false},
		{[]string{"orders", "--partition", "day"}, 2, "orders are those of now and not of a day: export them as one file", false},
		{[]string{"trades", "--since-last"}, 2, "--since-last goes with --partition day", false},
		{[]string{"gaps", "--with-market-cap"}, 2, "--with-market-cap: gaps: market caps are of candles, trades and events", false},
		{[]string{"candles", "--with-market-cap", "--url", server.URL, "--token", "letmeinplease"}, 1, "too old for --with-market-cap", false},
		{[]string{"trades", "--partition", "hour"}, 2, "--partition", false},
	} {
		_ = os.Remove(path)
		code, _, stderr := run(t, append(append([]string{"export"}, c.args...), "-o", path)...)
		_, err := os.Stat(path)
		if code != c.code || !strings.Contains(stderr, c.want) || (err == nil) != c.file {
			t.Errorf("%v: exit %d, %q, file %v", c.args, code, stderr, err == nil)
		}
	}

	const events = "mint,time\n\"a\nb\",1\nc,2\n"
	manifest, err := os.ReadFile(path + export.ManifestEnding)
	if err != nil {
		t.Fatal(err)
	}
	m, err := export.ParseManifest(manifest)
	if err != nil || m.Store != "0f0f" || m.Seq != 42 || m.Kind != export.Events || m.Rows != 2 || len(m.Gaps) != 1 || m.Gaps[0].ToSlot != 2 ||
		len(m.Files) != 1 || m.Files[0].Rows != 2 || m.Files[0].Path != "x.csv" || m.Files[0].Bytes != int64(len(events)) || m.Files[0].SHA256 != fmt.Sprintf("%x", sha256.Sum256([]byte(events))) {
		t.Errorf("%s, %v", manifest, err)
	}

	bare := filepath.Join(dir, "bare.csv")
	if code, _, stderr := run(t, "export", "candles", "--url", plain, "--token", "letmeinplease", "-o", bare); code != 0 {
		t.Error(code, stderr)
	}
	if code, _, stderr := run(t, "export", "candles", "--url", plain, "--token", "letmeinplease", "-o", bare, "--no-manifest"); code != 0 {
		t.Error(code, stderr)
	}
	if _, err := os.Stat(bare + export.ManifestEnding); err == nil {
		t.Error("there is a manifest")
	}

	for _, target := range [][]string{{"-o", "-"}, nil} { // standard output, with a word about emptiness beside it
		args := append([]string{"export", "candles", "--url", plain, "--token", "letmeinplease"}, target...)
		if code, stdout, stderr := run(t, args...); code != 0 || stdout != "mint,time\n" || !strings.Contains(stderr, "no candles are stored of any token") {
			t.Errorf("%v: exit %d, %q, %q", target, code, stdout, stderr)
		}
	}

	zipped := filepath.Join(dir, "X.CSV.GZ")
	if code, _, stderr := run(t, "export", "candles", "--url", plain, "--token", "letmeinplease", "-o", zipped); code != 0 {
		t.Error(code, stderr)
	}
	if data, err := os.ReadFile(zipped); err != nil || !strings.HasPrefix(string(data), "\x1f\x8b") {
		t.Errorf("%q, %v", data, err)
	}

	for target, want := range map[string]string{dir: "is a directory: name a file in it", filepath.Join(dir, "no", "x.csv"): "there is no directory " + filepath.Join(dir, "no")} {
		if code, _, stderr := run(t, "export", "candles", "--url", plain, "--token", "letmeinplease", "-o", target); code != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %q", target, code, stderr)
		}
	}

	if left, _ := filepath.Glob(filepath.Join(dir, ".spinscope*")); len(left) > 0 {
		t.Error("left:", left)
	}
}
