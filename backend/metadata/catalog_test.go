package metadata

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"spinscope/backend/market"
	"spinscope/backend/publicnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func mint(n int) market.Pubkey { return market.Pubkey{0: 9, 30: byte(n >> 8), 31: byte(n)} }

// uriSource is a Source.
type uriSource struct {
	mu   sync.Mutex
	uris map[market.Pubkey]string
}

func (b *uriSource) URI(mint market.Pubkey) (string, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	uri, ok := b.uris[mint]
	return uri, ok, nil
}

func newURIs(uris ...string) *uriSource {
	b := &uriSource{uris: map[market.Pubkey]string{}}
	for i, uri := range uris {
		b.uris[mint(i)] = uri
	}
	return b
}

// started runs a catalog until the returned function is called or the test ends.
func started(t *testing.T, dir, gateway string, source Source, change func(*Catalog)) (*Catalog, func()) {
	t.Helper()
	c := New(Options{Dir: dir, Source: source, Timeout: 10 * time.Second, Logger: slog.New(slog.DiscardHandler)})
	if change != nil {
		change(c)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, gateway) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return c, stop
}

// awaitIdle waits until nothing is to be done for the mint.
func awaitIdle(c *Catalog, mint market.Pubkey) {
	c.queue.mu.Lock()
	t := c.queue.tasks[mint]
	c.queue.mu.Unlock()
	if t != nil {
		<-t.done
	}
}

func TestDocumentAndPicture(t *testing.T) {
	var requests, inside atomic.Int32
	secret := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inside.Add(1) }))
	defer secret.Close()

	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		switch name := strings.TrimPrefix(r.URL.Path, "/ipfs/"); name {
		case "good", "good2":
			_, _ = io.WriteString(w, `{"name":"Good","image":"ipfs://picture","twitter":"https://x.com/good","website":5}`)
		case "picture":
			_, _ = w.Write(jpegOf(noise(600, 300)))
		case "plain":
			_, _ = io.WriteString(w, `{"name":"Plain","image":""}`)
		case "svg":
			_, _ = io.WriteString(w, `{"image":"ipfs://drawing"}`)
		case "drawing":
			w.Header().Set("Content-Type", "image/svg+xml")
			_, _ = io.WriteString(w, `<svg xmlns="http://www.w3.org/2000/svg"/>`)
		case "inside":
			_, _ = fmt.Fprintf(w, `{"image":"%s/p.png"}`, secret.URL)
		case "moved":
			http.Redirect(w, r, secret.URL, http.StatusFound)
		case "fat":
			_, _ = io.WriteString(w, `{"name":"`+strings.Repeat("x", maxDocument)+`"}`)
		case "bad":
			_, _ = io.WriteString(w, `<html>`)
		default:
			http.NotFound(w, r)
		}
	}))
	defer gateway.Close()

	dir := t.TempDir()
	source := newURIs("ipfs://good", "ipfs://plain", "ipfs://svg", "ipfs://inside", "ipfs://moved", "ipfs://fat", "ipfs://bad", "ipfs://none",
		secret.URL+"/x", "", strings.Replace(secret.URL, "http:", "https:", 1), "ipfs://good2")
	c, stop := started(t, dir, gateway.URL+"/ipfs/", source, nil)

	data, err := c.Picture(t.Context(), mint(0))
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil || picture.Bounds() != image.Rect(0, 0, 256, 128) {
		t.Fatalf("picture: %v", err)
	}

	if d := c.Document(mint(0)); d == nil || *d.Name != "Good" || *d.Twitter != "https://x.com/good" || d.Website != nil || *d.Image != "ipfs://picture" {
		t.Errorf("document %+v", d)
	}
	before := requests.Load()
	for range 5 {
		if again, err := c.Picture(t.Context(), mint(0)); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("again: %v", err)
		}
	}

	for i, named := range map[int]bool{1: true, 2: true, 3: true, 4: false, 5: false, 6: false, 7: false, 8: false, 9: false, 10: false, 99: false} {
		if data, err := c.Picture(t.Context(), mint(i)); data != nil || err != nil {
			t.Errorf("mint %d has a picture, %v", i, err)
		}
		if (c.Document(mint(i)) != nil) != named {
			t.Errorf("mint %d: document %+v", i, c.Document(mint(i)))
		}
	}

	after := requests.Load()
	if after-before != 8 {
		t.Errorf("%d requests for the others", after-before)
	}
	for i := range 11 { // what failed is let be
		_, _ = c.Picture(t.Context(), mint(i))
		c.Document(mint(i))
		uri, _, _ := source.URI(mint(i))
		c.Announce(mint(i), uri)
		awaitIdle(c, mint(i))
	}

	if requests.Load() != after || inside.Load() != 0 {
		t.Errorf("%d more requests, %d reached a private address", requests.Load()-after, inside.Load())
	}
	if s := c.Stats(); s.Documents != 4 || s.Pictures != 1 || s.Failures != 10 || s.Refused != 1 || s.Waiting != 0 {
		t.Errorf("stats %+v", s)
	}

	c.Announce(mint(11), "ipfs://good2")
	awaitIdle(c, mint(11))
	if d := c.Document(mint(11)); d == nil || *d.Name != "Good" {
		t.Errorf("announced: %+v", d)
	}

	stop()
	gateway.Close()
	if again, err := c.Picture(t.Context(), mint(0)); err != nil || !bytes.Equal(again, data) {
		t.Errorf("after the end: %v", err)
	}

	if again, err := c.Picture(t.Context(), mint(50)); again != nil || err != nil {
		t.Errorf("new after the end: %v", err)
	}

	// Another start reads what was kept, and minds damage.
	if err := os.WriteFile(c.records.path(mint(1)), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	stray := filepath.Join(dir, "documents", mint(5).String()+".json.new")
	if err := os.WriteFile(stray, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}

	second, _ := started(t, dir, "http://127.0.0.1:1/", source, nil)
	if again, err := second.Picture(t.Context(), mint(0)); err != nil || !bytes.Equal(again, data) {
		t.Errorf("after a restart: %v", err)
	}
	awaitIdle(second, mint(0))
	if data, _ := second.Picture(t.Context(), mint(2)); data != nil { // waits for Run to have read the shelf
		t.Error("a picture from nowhere")
	}

	if d := second.Document(mint(0)); d == nil || *d.Name != "Good" {
		t.Errorf("after a restart: %+v", d)
	}
	if d := second.Document(mint(1)); d != nil {
		t.Errorf("damaged: %+v", d)
	}

	if _, err := os.Stat(stray); err == nil {
		t.Error("the half written file stays")
	}
	awaitIdle(second, mint(1))

	// A changed uri is fetched anew.
	second.Announce(mint(0), "ipfs://changed")
	awaitIdle(second, mint(0))
	if d := second.Document(mint(0)); d != nil {
		t.Errorf("the old uri's document stays: %+v", d)
	}
}

func TestRunRefusesAGatewayThatIsNone(t *testing.T) {
	c := New(Options{Dir: t.TempDir(), Source: newURIs(), Logger: slog.New(slog.DiscardHandler)})
	if err := c.Run(t.Context(), "ipfs.io"); !errors.Is(err, ErrURI) {
		t.Errorf("Run: %v", err)
	}
}

// script is a fetcher without a network.
type script func(ctx context.Context, u *url.URL) ([]byte, error)

func (s script) Fetch(ctx context.Context, u *url.URL, _ string, _ int64) ([]byte, error) {
	return s(ctx, u)
}

func (s script) Close() {}

func with(s script, retries int) func(*Catalog) {
	return func(c *Catalog) { c.web, c.options.Retries = s, retries }
}

// pass lets time go by and everything that is due happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestRetriesAndPauses(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var calls []time.Duration
		start := time.Now()
		healthy := false
		c, stop := started(t, dir, "https://gateway.test", newURIs("ipfs://doc"), with(func(context.Context, *url.URL) ([]byte, error) {
			calls = append(calls, time.Since(start))
			if healthy {
				return []byte(`{"name":"ok"}`), nil
			}
			return nil, &publicnet.StatusError{Code: 503}
		}, 3))
		defer stop()

		c.Announce(mint(0), "ipfs://doc")
		pass(30 * time.Second)
		if len(calls) != 4 {
			t.Fatalf("%d attempts, want 4", len(calls))
		}

		for i, least := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second} {
			if pause := calls[i+1] - calls[i]; pause < least || pause > 2*least {
				t.Errorf("pause %d is %v", i, pause)
			}
		}

		c.Announce(mint(0), "ipfs://doc") // too soon
		c.Document(mint(0))
		pass(10 * time.Second)
		if len(calls) != 4 {
			t.Fatal("it was not let be")
		}

		pass(time.Minute)
		c.Document(mint(0)) // nobody else retries
		pass(30 * time.Second)
		if len(calls) != 8 {
			t.Fatalf("%d attempts after the pause, want 8", len(calls))
		}

		pass(passingPause + 10*time.Second) // the second pause is twice as long
		c.Document(mint(0))
		pass(30 * time.Second)
		if len(calls) != 8 {
			t.Fatal("the pause did not grow")
		}

		healthy = true
		pass(passingPause)
		c.Document(mint(0))
		synctest.Wait()
		if d := c.Document(mint(0)); d == nil || *d.Name != "ok" || len(calls) != 9 {
			t.Errorf("%+v after %d calls", d, len(calls))
		}

		if s := c.Stats(); s.Failures != 2 || s.Documents != 1 || len(c.failures.of) != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestRetryAfterIsMinded(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var calls []time.Time
		c, stop := started(t, dir, "https://gateway.test", newURIs("ipfs://doc"), with(func(context.Context, *url.URL) ([]byte, error) {
			calls = append(calls, time.Now())
			return nil, &publicnet.StatusError{Code: 429, After: 20 * time.Second}
		}, 1))
		defer stop()
		c.Announce(mint(0), "ipfs://doc")
		pass(time.Minute)
		if len(calls) != 2 || calls[1].Sub(calls[0]) != 20*time.Second {
			t.Errorf("calls at %v", calls)
		}
	})
}

func TestPictureWaitIsBounded(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		c, stop := started(t, dir, "https://gateway.test", newURIs("ipfs://doc"), with(func(ctx context.Context, _ *url.URL) ([]byte, error) {
			calls++
			<-ctx.Done()
			return nil, ctx.Err()
		}, 3))
		start := time.Now()
		var group sync.WaitGroup
		for range maxWaiters + 10 { // all wait for one and the same task
			group.Go(func() {
				if data, err := c.Picture(t.Context(), mint(0)); data != nil || err != nil {
					t.Errorf("%d bytes, %v", len(data), err)
				}
			})
		}

		group.Wait()
		synctest.Wait()
		if waited := time.Since(start); waited != pictureWait || calls != 1 {
			t.Errorf("waited %v, %d calls", waited, calls)
		}

		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()

		_, _ = c.Picture(short, mint(0))
		if waited := time.Since(start); waited != pictureWait+time.Second {
			t.Errorf("a client that leaves waited until %v", waited)
		}
		group.Go(func() { _, _ = c.Picture(t.Context(), mint(0)) })
		synctest.Wait()
		stop() // ends those who wait, too
		group.Wait()
		if waited := time.Since(start); waited != pictureWait+time.Second {
			t.Errorf("the end came at %v", waited)
		}
	})
}

func TestManyTokensAreFetchedOnceByFourWorkers(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		const tokens = 300
		var mu sync.Mutex
		seen := map[string]int{}
		running, peak := 0, 0
		source := newURIs()
		for i := range tokens {
			source.uris[mint(i)] = fmt.Sprintf("ipfs://doc%d", i)
		}

		var order []string
		c, stop := started(t, dir, "https://gateway.test", source, with(func(_ context.Context, u *url.URL) ([]byte, error) {
			mu.Lock()
			seen[u.Path]++
			order = append(order, u.Path)
			running++
			peak = max(peak, running)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			if strings.HasPrefix(u.Path, "/ipfs/pic") {
				return pngOf(noise(1, 1)), nil
			}

			return []byte(`{"image":"ipfs://pic` + strings.TrimPrefix(u.Path, "/ipfs/doc") + `"}`), nil
		}, 0))
		defer stop()

		for round := range 3 {
			for i := range tokens {
				c.Announce(mint(i), source.uris[mint(i)])
				if round == 2 {
					c.Document(mint(i))
				}
			}
		}

		synctest.Wait()
		for i := range workers { // those that run already, and one that goes before all others
			if data, err := c.Picture(t.Context(), mint((tokens-1)*(i&1))); err != nil || data == nil {
				t.Errorf("picture %d: %v", i, err)
			}
		}

		pass(10 * time.Minute)
		if len(seen) != tokens+2 || peak != workers {
			t.Errorf("%d places were asked by %d workers", len(seen), peak)
		}
		for path, n := range seen {
			if n != 1 {
				t.Errorf("%s was asked %d times", path, n)
			}
		}

		for at, path := range order {
			if path == fmt.Sprintf("/ipfs/doc%d", tokens-1) && at > 4*workers {
				t.Errorf("the awaited picture's document was asked as number %d", at)
			}
		}

		if c.queue.counts != [urgencies]int{} || c.queue.waiting() != 0 {
			t.Errorf("left in the queue: %v", c.queue.counts)
		}
	})
}

// A host whose content our gateway does not have is asked itself.
func TestOtherGatewaysAreTheSecondChoice(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		c, stop := started(t, dir, "https://gateway.test", newURIs("https://pin.test/ipfs/"+cid1), with(func(_ context.Context, u *url.URL) ([]byte, error) {
			asked = append(asked, u.Host)
			if u.Host == "gateway.test" {
				return nil, &publicnet.StatusError{Code: 404}
			}
			return []byte(`{}`), nil
		}, 0))
		defer stop()
		c.Document(mint(0))
		synctest.Wait()
		if c.Document(mint(0)) == nil || strings.Join(asked, " ") != "gateway.test pin.test" {
			t.Errorf("asked %v", asked)
		}
	})
}

func TestQueueIsBounded(t *testing.T) {
	q := newQueue()
	for i := range 3 * maxQueued[asked] {
		if got := q.want(mint(i), asked, false) != nil; got != (i < maxQueued[asked]) {
			t.Fatalf("place %d: %v", i, got)
		}
	}

	if q.want(mint(0), asked, false) == nil {
		t.Error("the same again needs no place")
	}
	first := q.want(mint(700), awaited, true)
	if got, _ := q.next(time.Now()); got != first {
		t.Error("the awaited one does not go first")
	}

	if q.finish(first, false) {
		t.Error("it ended without the picture")
	}
	if !q.finish(first, true) || q.counts[awaited] != 0 || q.counts[asked] != maxQueued[asked]-1 {
		t.Errorf("counts %v", q.counts)
	}

	second, _ := q.next(time.Now())
	late := time.Now().Add(time.Hour)
	q.delay(second, late)
	q.want(second.mint, awaited, true)
	q.delay(second, late) // as a worker does after the next failure
	for q.counts[asked] > 0 {
		each, _ := q.next(time.Now())
		q.finish(each, true)
	}

	if got, wait := q.next(late.Add(-time.Minute)); got != nil || wait != time.Minute {
		t.Errorf("%v, %v", got, wait)
	}
	q.close()
	if _, open := <-second.done; open || q.want(mint(1), asked, false) != nil {
		t.Error("closed, but not over")
	}
}

func TestShelfKeepsItsBound(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	const files, size = 10, 1000
	open := func() *shelf {
		s := newShelf(dir, ".json", files*(size+fileCost))
		s.now = func() time.Time { now = now.Add(2 * time.Hour); return now }
		if err := s.load(); err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	body := bytes.Repeat([]byte("x"), size)
	kept := 0
	for i := range 40 {
		gone, err := s.put(mint(i), body)
		if err != nil {
			t.Fatal(err)
		}
		kept += 1 - len(gone)
		if data, err := s.get(mint(0)); err != nil || !bytes.Equal(data, body) {
			t.Fatalf("the one in use went after %d", i)
		}

		entries, _ := os.ReadDir(dir)
		if s.total > s.limit || len(entries) != len(s.files) || len(s.files) != kept {
			t.Fatalf("%d bytes, %d files, %d known, %d kept", s.total, len(entries), len(s.files), kept)
		}
	}

	if s.has(mint(1)) || !s.has(mint(39)) {
		t.Error("not the least recently used went")
	}
	again := open()
	if again.total != s.total || again.mints()[len(again.files)-1] != mint(0) {
		t.Errorf("after a restart %d bytes, want %d", again.total, s.total)
	}

	small := newShelf(dir, ".json", 3*(size+fileCost))
	if err := small.load(); err != nil || len(small.files) != 2 || !small.has(mint(0)) {
		t.Errorf("a smaller bound leaves %d files, %v", len(small.files), err)
	}
	if err := os.Remove(small.path(mint(0))); err != nil {
		t.Fatal(err)
	}

	if data, err := small.get(mint(0)); data != nil || err != nil || small.has(mint(0)) {
		t.Errorf("a file that was taken away: %v", err)
	}
}

// A disk that takes nothing costs the metadata and nothing else.
func TestUnwritableDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		c, stop := started(t, file, "https://gateway.test", newURIs("ipfs://doc"), with(func(context.Context, *url.URL) ([]byte, error) {
			return []byte(`{}`), nil
		}, 1))
		defer stop()
		c.Document(mint(0))
		pass(time.Minute)
		if s := c.Stats(); c.Document(mint(0)) != nil || s.Failures != 1 || len(c.documents.of) != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestFailuresAreBounded(t *testing.T) {
	f := newFailures()
	now := time.Now()
	for i := range maxFailures + 100 {
		f.note(market.Pubkey{0: 1, 1: byte(i), 2: byte(i >> 8), 3: byte(i >> 16)}, "x", i%2 == 0, now)
	}
	if len(f.of) > maxFailures {
		t.Errorf("%d failures", len(f.of))
	}
	for range 100 {
		f.note(mint(1), "x", true, now)
	}
	if f.allow(mint(1), "x", now.Add(longestPause-1)) || !f.allow(mint(1), "x", now.Add(longestPause)) || !f.allow(mint(1), "y", now) {
		t.Error("the longest pause is not twelve hours, or holds for another uri")
	}
}
