package metadata

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/publicnet"
)

const (
	workers     = 4
	pictureWait = 8 * time.Second // at most, for a picture that must be fetched first
	maxWaiters  = 128             // requests that wait for pictures

	documentBytes = 48 << 20  // of documents kept, in memory and on disk
	pictureBytes  = 256 << 20 // of pictures kept, on disk
)

// Source knows the tokens.
type Source interface {
	// URI is the uri of a token; false when it is not known.
	URI(mint market.Pubkey) (string, bool, error)
}

// Options configure a Catalog.
type Options struct {
	Dir     string // of this cluster's metadata; made when it is missing
	Source  Source
	Timeout time.Duration // for one request, redirects and body included
	Retries int           // attempts beyond the first, 0 or more
	Logger  *slog.Logger
}

// Stats counts what was done since the start.
type Stats struct {
	Documents, Pictures uint64 // fetched and kept
	Failures            uint64 // given up for a while
	Refused             uint64 // of these, because an address was not public
	Waiting             int    // to be fetched
}

// Catalog is what is known of tokens from outside the chain.
type Catalog struct {
	options   Options
	log       *slog.Logger
	queue     *queue
	failures  *failures
	records   *shelf
	pictures  *shelf
	decoding  chan struct{} // held by the one that decodes
	waiters   chan struct{}
	documents struct {
		sync.RWMutex
		of map[market.Pubkey]*record // those on the shelf of records
	}
	counts struct{ documents, pictures, failures, refused atomic.Uint64 }

	// Set by Run.
	gateway *gateway
	web     fetcher

	// For tests.
	dialer *publicnet.Dialer
	trust  *tls.Config
}

// record is a document as it is kept.
type record struct {
	URI      string   `json:"uri"`
	Document Document `json:"document"`
}

// New makes a catalog; it does no I/O.
func New(options Options) *Catalog {
	c := &Catalog{
		options: options, log: options.Logger.With("component", "metadata"), queue: newQueue(), failures: newFailures(),
		records:  newShelf(filepath.Join(options.Dir, "documents"), ".json", documentBytes),
		pictures: newShelf(filepath.Join(options.Dir, "pictures"), ".png", pictureBytes),
		decoding: make(chan struct{}, 1), waiters: make(chan struct{}, maxWaiters),
		trust: &tls.Config{MinVersion: tls.VersionTLS12},
	}
	c.documents.of = map[market.Pubkey]*record{}
	return c
}

// Run reads what earlier runs kept and fetches through the gateway until ctx ends; then it returns nil. It returns
// ErrURI for a gateway that is no http or https address. Call it once.
func (c *Catalog) Run(ctx context.Context, gateway string) error {
	defer c.queue.close()
	var err error
	if c.gateway, err = newGateway(gateway); err != nil {
		return err
	}

	for _, shelf := range []*shelf{c.records, c.pictures} {
		if err := shelf.load(); err != nil {
			c.log.WarnContext(ctx, "metadata of earlier runs cannot be read", "err", err)
		}
	}

	c.restore()
	if c.web == nil {
		if c.dialer == nil {
			c.dialer = publicnet.NewDialer(c.gateway.at)
		}
		c.web = newWeb(c.gateway, c.dialer, c.options.Timeout, c.trust)
	}

	defer c.web.Close()
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for {
				t := c.queue.take(ctx)
				if t == nil {
					return
				}
				c.work(ctx, t)
			}
		})
	}

	group.Wait()
	return nil
}

// restore reads the documents into memory.
func (c *Catalog) restore() {
	for _, mint := range c.records.mints() {
		data, err := c.records.peek(mint)
		var kept record
		if err != nil || json.Unmarshal(data, &kept) != nil || kept.URI == "" {
			c.records.remove(mint) // damaged: it is fetched again
			continue
		}
		c.documents.Lock()
		c.documents.of[mint] = &kept
		c.documents.Unlock()
	}
}

// Announce tells of a token, so that its document is fetched in the background.
func (c *Catalog) Announce(mint market.Pubkey, uri string) {
	known := c.record(mint)
	if known != nil && known.URI == uri {
		return
	}
	if known != nil {
		c.forget(mint) // the chain changed its mind
	}
	if c.failures.allow(mint, uri, time.Now()) {
		c.queue.want(mint, background, false)
	}
}

// Document is what the mint's uri says, nil when it was not fetched; then it is fetched soon. It must not be changed.
func (c *Catalog) Document(mint market.Pubkey) *Document {
	if known := c.record(mint); known != nil {
		c.records.use(mint)
		return &known.Document
	}
	if c.failures.allow(mint, "", time.Now()) {
		c.queue.want(mint, asked, false)
	}
	return nil
}

// Picture is the mint's picture, a PNG of at most 256 pixels a side. One that must be fetched first is waited for, eight
// seconds at most; nil when there is none, or none yet.
func (c *Catalog) Picture(ctx context.Context, mint market.Pubkey) ([]byte, error) {
	data, err := c.pictures.get(mint)
	if data != nil || err != nil || !c.failures.allow(mint, "", time.Now()) {
		return data, err
	}
	if known := c.record(mint); known != nil && !known.pictured() {
		return nil, nil
	}

	select {
	case c.waiters <- struct{}{}:
		defer func() { <-c.waiters }()
	default:
		return nil, nil
	}

	t := c.queue.want(mint, awaited, true)
	if t == nil {
		return nil, nil
	}

	timer := time.NewTimer(pictureWait)
	defer timer.Stop()

	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-t.done:
	}

	return c.pictures.get(mint)
}

// Stats is a snapshot.
func (c *Catalog) Stats() Stats {
	return Stats{
		Documents: c.counts.documents.Load(), Pictures: c.counts.pictures.Load(), Failures: c.counts.failures.Load(),
		Refused: c.counts.refused.Load(), Waiting: c.queue.waiting(),
	}
}

func (c *Catalog) record(mint market.Pubkey) *record {
	c.documents.RLock()
	defer c.documents.RUnlock()
	return c.documents.of[mint]
}

// forget drops all that is known of the mint.
func (c *Catalog) forget(mint market.Pubkey) {
	c.documents.Lock()
	delete(c.documents.of, mint)
	c.documents.Unlock()
	c.records.remove(mint)
	c.pictures.remove(mint)
}

// pictured reports whether the document names a picture.
func (r *record) pictured() bool { return r.Document.Image != nil && *r.Document.Image != "" }
