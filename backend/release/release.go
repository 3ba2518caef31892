package release

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"time"

	"aead.dev/minisign"
	"golang.org/x/mod/semver"

	"spinscope/backend/durable"
	"spinscope/backend/wake"
)

const (
	firstAfter = 20 * time.Second // after the start, before the first question; so much again at random
	interval   = 24 * time.Hour   // between two questions at least
	jitter     = 2 * time.Hour    // added at random, so that not all ask at once
)

// ErrVersion is returned when what runs has no version that could be compared, as a build by hand may.
var ErrVersion = errors.New("this build has no version that can be compared")

// Options are what a Watcher is made of.
type Options struct {
	URL     string // of the description
	Key     string // minisign's public key
	Version string // that runs; what follows a space is passed over
	Path    string // of the file in which the last answer is kept; "" keeps nothing
	Logger  *slog.Logger
}

// Watcher knows the newest release that it was told of.
type Watcher struct {
	options Options
	key     minisign.PublicKey
	running string // version
	log     *slog.Logger

	ask func(ctx context.Context, address string) (signed, error) // another in tests
	now func() time.Time

	mu      sync.Mutex
	offered Description // zero before the first answer
	logged  string      // version that the log has named
}

// New makes a watcher; it does no I/O. It returns ErrURL, ErrKey or ErrVersion.
func New(o Options) (*Watcher, error) {
	if err := CheckURL(o.URL); err != nil {
		return nil, err
	}
	key, err := parseKey(o.Key)
	if err != nil {
		return nil, err
	}
	running, _, _ := strings.Cut(o.Version, " ")
	if !isVersion(running) {
		return nil, ErrVersion
	}

	web := &web{trust: &tls.Config{MinVersion: tls.VersionTLS12}}
	return &Watcher{
		options: o, key: key, running: running, log: o.Logger.With("component", "release"), ask: web.ask, now: time.Now,
	}, nil
}

// Running is the version that runs.
func (w *Watcher) Running() string { return w.running }

// Newer is the newest release that is known, if it is newer than what runs.
func (w *Watcher) Newer() (Description, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.offered, w.offered.Version != "" && newer(w.offered.Version, w.running)
}

// Ask asks now, whenever it was asked last, and returns what is offered, newer or not. Errors are ErrSignature,
// ErrDescription, or why the address did not answer.
func (w *Watcher) Ask(ctx context.Context) (Description, error) {
	_, offered, err := w.question(ctx)
	return offered, err
}

// Say tells a person in one line what an answer means to what runs.
func (w *Watcher) Say(offered Description) string {
	switch {
	case newer(offered.Version, w.running):
		return fmt.Sprintf("%s is available: %s", offered.Version, offered.Page)
	case semver.Compare("v"+offered.Version, "v"+w.running) > 0:
		return fmt.Sprintf("No newer release; %s is a pre-release: %s", offered.Version, offered.Page)
	default:
		return fmt.Sprintf("No newer version; the newest release is %s.", offered.Version)
	}
}

// Run asks once a day until ctx ends; then it returns nil. Call it once.
func (w *Watcher) Run(ctx context.Context) error {
	last := w.load(ctx)

	for {
		next := last.Asked.Add(interval + rand.N(jitter))
		if soonest := w.now().Add(firstAfter + rand.N(firstAfter)); next.Before(soonest) {
			next = soonest
		}
		if wake.After(ctx, next.Sub(w.now())) != nil {
			return nil
		}

		// Written before it is asked: a program that ends in between, again and again, still asks once a day.
		last.Asked = w.now()
		w.save(ctx, last)
		answer, offered, err := w.question(ctx)
		if ctx.Err() != nil {
			return nil
		}
		w.note(ctx, offered, err)
		if err == nil {
			last.signed = answer
			w.save(ctx, last)
		}
	}
}

// question asks once.
func (w *Watcher) question(ctx context.Context) (signed, Description, error) {
	answer, err := w.ask(ctx, w.options.URL)
	if err != nil {
		return signed{}, Description{}, err
	}
	offered, err := answer.open(w.key)
	return answer, offered, err
}

// note keeps an answer and tells the log of it.
func (w *Watcher) note(ctx context.Context, offered Description, err error) {
	switch {
	case errors.Is(err, ErrSignature), errors.Is(err, ErrDescription):
		w.log.WarnContext(ctx, "what was said of a newer version is not used", "err", err)
		return
	case err != nil:
		w.log.InfoContext(ctx, "no answer about a newer version; asked again tomorrow", "err", err)
		return
	}

	w.mu.Lock()
	w.offered = offered
	again := w.logged == offered.Version
	w.logged = offered.Version
	w.mu.Unlock()

	if again {
		return
	}
	if found, ok := w.Newer(); ok {
		w.log.InfoContext(ctx, "a newer version is available", "version", found.Version, "running", w.running, "page", found.Page)
		return
	}
	w.log.InfoContext(ctx, "the newest release is not newer than what runs", "version", offered.Version, "running", w.running)
}

// kept is the file's content.
type kept struct {
	Of    string    `json:"of"` // which address and key the answer is of, as a hash: an address may hold a key
	Asked time.Time `json:"asked"`
	signed
}

// of names address and key.
func (w *Watcher) of() string {
	sum := sha256.Sum256([]byte(w.options.URL + "\n" + w.key.String()))
	return hex.EncodeToString(sum[:])
}

// load reads what an earlier run was told, zero without. What is of another address or key, or not signed, is not used.
func (w *Watcher) load(ctx context.Context) kept {
	none := kept{Of: w.of()}
	text, err := os.ReadFile(w.options.Path)
	if err != nil {
		return none // the first run, as a rule
	}

	var last kept
	if json.Unmarshal(text, &last) != nil || last.Of != none.Of {
		return none
	}
	if now := w.now(); last.Asked.After(now) { // the clock was set back
		last.Asked = now
	}
	if offered, err := last.open(w.key); err == nil {
		w.note(ctx, offered, nil)
	}
	return last
}

// save keeps it for the next run. Where that fails the next run asks again.
func (w *Watcher) save(ctx context.Context, last kept) {
	if w.options.Path == "" {
		return
	}
	text, err := json.Marshal(last)
	if err == nil {
		err = durable.WriteFile(w.options.Path, append(text, '\n'))
	}
	if err != nil {
		w.log.DebugContext(ctx, "the answer about a newer version is not kept", "err", fmt.Errorf("write %s: %w", w.options.Path, err))
	}
}
