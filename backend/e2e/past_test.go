package e2e

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The files in testdata/past were made by the release before the parts were taken apart: a store (a simulated market of
// six tokens at rest), what the server answered from it, and its events in the three formats. To record the answers and
// exports of another build: SPINSCOPE_E2E_BINARY=FILE SPINSCOPE_PAST_RECORD=1 go test -run TestPast ./backend/e2e
// One answer is newer: exports of orders have latest_trade_time in seconds.
const past = "testdata/past"

// pastConfig names a file under which the store is served as it lies: nobody reads a cluster, nobody fetches documents.
func pastConfig(t *testing.T) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	text := "[solana]\ncluster = \"custom\"\nrpc_url = \"http://127.0.0.1:1\"\nenable_event_listener = false\n[metadata]\nenabled = false\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"--config", path}
}

// pastStore unpacks the old data directory.
func pastStore(t *testing.T) (dir string) {
	t.Helper()
	file, err := os.Open(filepath.Join(past, "store.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}

	defer file.Close()
	packed, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}

	root := t.TempDir()
	for entries := tar.NewReader(packed); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return filepath.Join(root, "data")
		}

		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(root, filepath.Clean("/"+entry.Name))
		if entry.FileInfo().IsDir() {
			err = os.MkdirAll(path, 0o700)
		} else {
			var content []byte
			if content, err = io.ReadAll(entries); err == nil {
				err = os.WriteFile(path, content, 0o600)
			}
		}

		if err != nil {
			t.Fatal(err)
		}
	}
}

// exchange is a request and the answer to it, to the byte.
type exchange struct {
	Request string `json:"request"`
	Answer  string `json:"answer"`
}

// pastRequests are asked of the old store. MINT and USER stand for those that have most to say.
var pastRequests = []string{
	"/api/events/stats", "/api/mints?limit=10", "/api/mints?sort_by=created_asc", "/api/mints?sort_by=last_trade_desc", "/api/mints?sort_by=volume_desc&limit=2&page=2",
	"/api/events?mint=MINT&limit=12", "/api/events?mint=MINT&limit=300&order_by=slot_asc",
	"/api/mint_orders?mint=MINT&type=up_orders", "/api/mint_orders?mint=MINT&type=down_orders",
	"/api/user_event?user=USER", "/api/user_event?user=USER&mint=MINT&order_by=slot_asc", "/api/user_orders?user=USER",
	"/api/kline?mint=MINT&interval=s1&limit=20", "/api/kline?mint=MINT&interval=m5&limit=40&order_by=time_asc",
	"/api/kline?mint=MINT&interval=h1&from=1789985000&to=1790000000&fill=true", "/api/kline?mint=MINT&interval=d1",
	"/api/gaps", "/api/tickers", "/api/tickers?limit=3",
	"/api/export?mint=MINT&kind=candles&interval=m15&format=csv", "/api/export?mint=MINT&kind=orders&format=jsonl",
	"/api/kline?mint=nope&interval=m1", "/api/events?mint=MINT&page=0", "/api/mint_orders?mint=MINT&type=sideways",
}

// added is what answers have come to tell beside what they told: of a liquidation the order that it ended.
var added = regexp.MustCompile(`("event_type":"ForceLiquidate",[^{}]*"order_pda":"\w+"),"user":"\w+","order_type":[12],"lock_lp_start_price":"\d+",` +
	`"lock_lp_end_price":"\d+","price_decimals":\d+,"margin_sol_amount":"?\d+"?,"borrow_amount":"?\d+"?,"position_asset_amount":"?\d+"?`)

// pastEvents are sent over Socket.IO; the answer is the first packet that comes back.
var pastEvents = []struct{ namespace, event string }{
	{"/ws/kline", `["get_history",{"symbol":"MINT","interval":"m1","limit":20}]`},
	{"/ws/kline", `["get_history",{"symbol":"MINT","interval":"s15","limit":5,"order":"desc"}]`},
	{"/ws/kline", `["subscribe_kline",{"symbol":"MINT","interval":"h4","subscription_id":"a"}]`},
	{"/ws/kline", `["subscribe_price",{"symbol":"MINT"}]`},
	{"/kline", `["subscribe",{"symbol":"MINT","interval":"h1"}]`},
	{"/kline", `["history",{"symbol":"nope","interval":"m30"}]`},
}

// TestPastStoreAnswersAsItDid opens a store of an earlier release, verifies it, and expects the answers that the earlier
// release gave from it, to the byte.
func TestPastStoreAnswersAsItDid(t *testing.T) {
	t.Parallel()
	dir, config := pastStore(t), pastConfig(t)
	if out, errs, code := command(t, append([]string{"verify", "--data-dir", dir}, config...)...); code != 0 || !strings.Contains(out, "1206 events") {
		t.Fatalf("verify: exit code %d: %s%s", code, out, errs)
	}

	s := startServer(t, dir, config...)
	defer s.end()

	var mints struct{ Mints []string }
	s.get("/api/mints?sort_by=volume_desc", &mints)
	var events struct {
		Events []struct{ User, Payer string }
	}
	s.get("/api/events?limit=1&mint="+mints.Mints[0], &events)

	names := strings.NewReplacer("MINT", mints.Mints[0], "USER", events.Events[0].Payer)

	var now []exchange
	for _, line := range pastRequests {
		line = names.Replace(line)
		_, body := request(t, http.MethodGet, s.url(line), nil, nil)
		now = append(now, exchange{line, added.ReplaceAllString(string(body), "$1")})
	}

	for _, e := range pastEvents {
		line := names.Replace(e.event)
		now = append(now, exchange{e.namespace + " " + line, polled(t, s, e.namespace, line)})
	}

	path := filepath.Join(past, "answers.jsonl")
	if os.Getenv("SPINSCOPE_PAST_RECORD") != "" {
		var text bytes.Buffer
		for _, e := range now {
			line, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			text.Write(append(line, '\n'))
		}
		if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	compareExchanges(t, path, now)
}

func compareExchanges(t *testing.T, path string, now []exchange) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}

	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)

	count := 0
	for lines.Scan() {
		var was exchange
		if err := json.Unmarshal(lines.Bytes(), &was); err != nil {
			t.Fatal(err)
		}
		if count >= len(now) {
			t.Fatalf("%s: not asked any more", was.Request)
		}

		if was.Request != now[count].Request {
			t.Errorf("asked %s, once %s", now[count].Request, was.Request)
		}
		if was.Answer != now[count].Answer {
			t.Errorf("%s answers\n%.2000s\nand once answered\n%.2000s", was.Request, now[count].Answer, was.Answer)
		}

		count++
	}

	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if count != len(now) {
		t.Errorf("%d answers are recorded, %d requests are made", count, len(now))
	}
}

// polled sends one event in a session of its own by long polling and returns the first packet that comes back.
func polled(t *testing.T, s *server, namespace, event string) string {
	t.Helper()
	address := s.url("/socket.io/?EIO=4&transport=polling")
	_, body := request(t, http.MethodGet, address, nil, nil)
	var open struct{ SID string }
	if err := json.Unmarshal(bytes.TrimPrefix(body, []byte("0")), &open); err != nil {
		t.Fatalf("%v in %s", err, body)
	}

	address += "&sid=" + open.SID
	post := func(packet string) {
		t.Helper()
		header := map[string]string{"Content-Type": "text/plain;charset=UTF-8"}
		if status, body := request(t, http.MethodPost, address, header, []byte(packet)); status != http.StatusOK {
			t.Fatalf("POST %s: HTTP %d %s", packet, status, body)
		}
	}

	post("40" + namespace + ",")
	var packets []string
	next := func() string {
		t.Helper()
		for len(packets) == 0 {
			_, body := request(t, http.MethodGet, address, nil, nil)
			packets = strings.Split(string(body), "\x1e")
		}
		packet := packets[0]
		packets = packets[1:]
		return packet
	}
	for packet := ""; !strings.HasPrefix(packet, "42"); {
		packet = next() // the greeting comes as an event
	}

	post("42" + namespace + "," + event)
	for {
		if packet := next(); strings.HasPrefix(packet, "42") {
			return withoutClock(packet)
		}
	}
}

// withoutClock leaves out of a packet what says when it was sent.
func withoutClock(packet string) string {
	const name = `"timestamp":`
	before, after, found := strings.Cut(packet, name)
	if !found {
		return packet
	}
	return before + name + strings.TrimLeft(after, "0123456789")
}

// TestPastExportsImport imports the events that an earlier release exported, in each format, and expects the exports of
// this one to be the same file.
func TestPastExportsImport(t *testing.T) {
	t.Parallel()
	config := pastConfig(t)
	if os.Getenv("SPINSCOPE_PAST_RECORD") != "" {
		dir := pastStore(t)
		for _, format := range []string{"csv", "jsonl", "parquet"} {
			args := append([]string{"export", "events", "--data-dir", dir, "-o", filepath.Join(past, "events."+format)}, config...)
			if _, errs, code := command(t, args...); code != 0 {
				t.Fatal(errs)
			}
		}
	}

	for _, format := range []string{"csv", "jsonl", "parquet"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if _, errs, code := command(t, append([]string{"import", filepath.Join(past, "events."+format), "--data-dir", dir}, config...)...); code != 0 {
				t.Fatalf("import: %s", errs)
			}

			if out, errs, code := command(t, append([]string{"verify", "--data-dir", dir}, config...)...); code != 0 || !strings.Contains(out, "1206 events") {
				t.Fatalf("verify: exit code %d: %s%s", code, out, errs)
			}
			again := filepath.Join(t.TempDir(), "events.jsonl")
			if _, errs, code := command(t, append([]string{"export", "events", "--data-dir", dir, "-o", again}, config...)...); code != 0 {
				t.Fatalf("export: %s", errs)
			}

			was, err := os.ReadFile(filepath.Join(past, "events.jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			now, err := os.ReadFile(again)
			if err != nil {
				t.Fatal(err)
			}

			if !bytes.Equal(sortedByMint(was), sortedByMint(now)) {
				t.Errorf("%d bytes exported again, once %d, or others", len(now), len(was))
			}
		})
	}
}
