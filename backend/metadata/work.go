package metadata

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/publicnet"
)

const (
	firstBackoff   = time.Second
	acceptDocument = "application/json, */*;q=0.5"
	acceptPicture  = "image/png, image/jpeg, image/gif, */*;q=0.1"
)

// work takes a task one step further: to its end, or to its next attempt.
func (c *Catalog) work(ctx context.Context, t *task) {
	for pictureTried := false; ; {
		uri, err := c.step(ctx, t, &pictureTried)
		if ctx.Err() != nil {
			return // the queue's close ends the task
		}

		if err != nil {
			again, after := passing(err)
			if again && t.attempts < c.options.Retries {
				t.attempts++
				c.queue.delay(t, time.Now().Add(max(after, backoff(t.attempts))))
				return
			}
			c.fail(ctx, t.mint, uri, err, !again)
			pictureTried = true // there is no use in trying it now
		}

		if c.queue.finish(t, pictureTried) {
			return
		}
	}
}

// backoff is the pause before an attempt: doubled each time, half of it at random.
func backoff(attempt int) time.Duration {
	pause := min(firstBackoff<<min(attempt-1, maxDoublings), longestBackoff)
	return pause/2 + rand.N(pause/2)
}

// fail lets the mint be for a while.
func (c *Catalog) fail(ctx context.Context, mint market.Pubkey, uri string, err error, lasting bool) {
	c.failures.note(mint, uri, lasting, time.Now())
	c.counts.failures.Add(1)
	if errors.Is(err, publicnet.ErrRefused) {
		c.counts.refused.Add(1)
		c.log.WarnContext(ctx, "metadata leads to an address that is not public", "mint", mint.String(), "err", err)
		return
	}
	c.log.DebugContext(ctx, "metadata not fetched", "mint", mint.String(), "err", err)
}

// step fetches what is missing of a task: the document, then, if somebody wants it, the picture.
func (c *Catalog) step(ctx context.Context, t *task, pictureTried *bool) (uri string, err error) {
	known := c.record(t.mint)
	if known == nil {
		if known, uri, err = c.fetchDocument(ctx, t); err != nil {
			return uri, err
		}
		t.attempts = 0
	}

	if !c.queue.wantsPicture(t) {
		return known.URI, nil
	}
	*pictureTried = true
	if known.pictured() && !c.pictures.has(t.mint) {
		if err := c.fetchPicture(ctx, t, *known.Document.Image); err != nil {
			return known.URI, err
		}
	}

	c.failures.forget(t.mint)
	return known.URI, nil
}

// errUnknown is returned for a mint whose creation was not seen. Announce tells when it was.
var errUnknown = errors.New("the token is not known")

func (c *Catalog) fetchDocument(ctx context.Context, t *task) (*record, string, error) {
	uri, ok, err := c.options.Source.URI(t.mint)
	if err != nil {
		return nil, "", fmt.Errorf("read token: %w", err)
	}
	if !ok {
		return nil, "", errUnknown
	}

	data, err := c.fetch(ctx, t, uri, acceptDocument, maxDocument)
	if err != nil {
		return nil, uri, fmt.Errorf("document: %w", err)
	}

	document, err := parseDocument(data)
	if err != nil {
		return nil, uri, err
	}

	fresh := &record{URI: uri, Document: *document}
	encoded, err := json.Marshal(fresh)
	if err != nil {
		return nil, uri, fmt.Errorf("encode document: %w", err)
	}
	if err := c.keepDocument(t.mint, fresh, encoded); err != nil {
		return nil, uri, err
	}

	c.failures.forget(t.mint)
	c.counts.documents.Add(1)
	return fresh, uri, nil
}

// keepDocument puts the document on the shelf and into memory, and takes from memory what left the shelf for it. One
// that cannot be written is not kept at all: the shelf bounds the memory.
func (c *Catalog) keepDocument(mint market.Pubkey, fresh *record, encoded []byte) error {
	gone, err := c.records.put(mint, encoded)
	if err != nil {
		return err
	}
	c.documents.Lock()
	defer c.documents.Unlock()
	c.documents.of[mint] = fresh
	for _, each := range gone {
		delete(c.documents.of, each)
	}
	return nil
}

func (c *Catalog) fetchPicture(ctx context.Context, t *task, uri string) error {
	data, err := c.fetch(ctx, t, uri, acceptPicture, maxPicture)
	if err != nil {
		return fmt.Errorf("picture: %w", err)
	}

	select {
	case c.decoding <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}

	encoded, err := encodePicture(data)
	<-c.decoding
	if err != nil {
		return fmt.Errorf("picture: %w", err)
	}
	if _, err := c.pictures.put(t.mint, encoded); err != nil {
		return err
	}
	c.counts.pictures.Add(1)

	return nil
}

// fetch asks the places of uri in turn, one at each attempt; when one says that it is of no use, the next at once.
func (c *Catalog) fetch(ctx context.Context, t *task, uri, accept string, limit int64) ([]byte, error) {
	targets, err := c.gateway.targets(uri)
	if err != nil {
		return nil, err
	}
	var failed error
	for i := range targets {
		data, err := c.web.Fetch(ctx, targets[(t.attempts+i)%len(targets)], accept, limit)
		if err == nil {
			return data, nil
		}
		if again, _ := passing(err); again || ctx.Err() != nil {
			return nil, err
		}
		failed = errors.Join(failed, err)
	}
	return nil, failed
}
