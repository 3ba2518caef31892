package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"spinscope/backend/commitlog"
	"spinscope/backend/market"
)

// The commit log takes as many bytes for each stored event, about a twentieth of what the store takes, within bounds.
const (
	logBytesPerEvent = 12
	minLogBytes      = 4 << 20
	maxLogBytes      = 64 << 20
)

// openCommits opens the commit log of a store that stands where it will go on.
func (s *Store) openCommits() error {
	options := commitlog.Options{Dir: s.options.Dir, Newest: s.state.Seq, Logger: s.options.Logger}
	if _, err := hex.Decode(options.Identity[:], []byte(s.identity)); err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	log, err := commitlog.Open(options)
	if err != nil {
		return err
	}
	s.commits = log
	return nil
}

// logCommit adds the commit to the commit log, without its durable open candles: they are in the store, and who replays commits makes
// them itself. It runs while Badger writes the commit. If the process dies in between, the log has a commit too many, which
// the next opening cuts, or lacks the last one and begins anew.
func (w *writer) logCommit() {
	c := *w.c
	c.OpenCandles = nil
	encoder := &w.s.encoder
	encoder.stored = w.sameCreated
	w.s.commits.Append(c.Seq, w.commitLogLimit(), func(dst []byte) []byte { return encoder.append(dst, &c) })
}

func (w *writer) commitLogLimit() int64 {
	if limit := w.s.options.logBytes; limit > 0 {
		return limit
	}
	wanted := w.state.kinds.Total() * logBytesPerEvent
	return int64(min(max(wanted, minLogBytes), maxLogBytes)) //nolint:gosec // bounded
}

// Commits calls fn with the commits from a seq on as they were published, in order, each whole but for its durable open candles. What a
// token's TokenCreated says is what it says now. It returns a *commitlog.OlderError when the first of them is not in the
// commit log, and ErrSeq when the store does not reach so far; the one after the last is fine. A commit is fn's to keep.
func (s *Store) Commits(ctx context.Context, from market.Seq, fn func(*market.Commit) error) error {
	return s.read(nil, func(v *view) error {
		switch {
		case from > v.seq+1:
			return fmt.Errorf("%w: %d where the newest commit is %d", ErrSeq, from, v.seq)
		case from > v.seq:
			return nil
		case s.commits == nil:
			return &commitlog.OlderError{From: from, Oldest: v.seq + 1}
		}

		created := v.createdOf()
		return s.commits.Read(ctx, from, v.seq, func(seq market.Seq, payload []byte) error {
			if err := v.alive(ctx); err != nil {
				return err
			}
			c, err := decodeCommit(payload, created)
			if err == nil && c.Seq != seq {
				err = errors.New("its seq is another")
			}
			if err != nil {
				return fmt.Errorf("commit %d of the log: %w", seq, err)
			}
			return call(v, fn, c)
		})
	})
}

// createdOf looks mints' TokenCreated up, each once.
func (v *view) createdOf() func(*market.Pubkey) (market.Creation, error) {
	known := map[market.Pubkey]market.Creation{}
	return func(mint *market.Pubkey) (market.Creation, error) {
		if created, ok := known[*mint]; ok {
			return created, nil
		}
		v.s.mu.RLock()
		id := v.s.id(*mint)
		v.s.mu.RUnlock()

		value, err := v.newest(appendID(nil, tableCreated, id))
		if err != nil {
			return nil, err
		}

		var created market.Creation
		if value != nil {
			if created, err = decodeCreated(value); err != nil {
				return nil, err
			}
		}

		known[*mint] = created
		return created, nil
	}
}

// OldestCommit is the oldest commit that Commits can give or, when there is none, the next to come.
func (s *Store) OldestCommit() market.Seq {
	if s.commits == nil {
		return s.Seq() + 1
	}
	return s.commits.Oldest()
}

// CommitDigest is what the commits of a range amount to as the commit log has them, without their durable open candles: the version
// of their encoding in one byte, and a chain of SHA-256 sums over them. Stores that took the same commits in the same order have
// the same one. It returns a *commitlog.OlderError when the first of them is not in the commit log, and ErrSeq when the store
// does not reach so far.
func (s *Store) CommitDigest(ctx context.Context, from, to market.Seq) (digest []byte, err error) {
	sum := make([]byte, sha256.Size)
	version := byte(0)
	err = s.read(nil, func(v *view) error {
		switch {
		case to > v.seq:
			return fmt.Errorf("%w: %d where the newest commit is %d", ErrSeq, to, v.seq)
		case s.commits == nil:
			return &commitlog.OlderError{From: from, Oldest: v.seq + 1}
		}
		return s.commits.Read(ctx, from, to, func(seq market.Seq, payload []byte) error {
			if err := v.alive(ctx); err != nil {
				return err
			}
			if len(payload) > 0 {
				version = max(version, payload[0])
			}
			hash := sha256.New()
			hash.Write(sum)
			hash.Write(binary.BigEndian.AppendUint64(nil, uint64(seq)))
			hash.Write(payload)
			sum = hash.Sum(sum[:0])
			return nil
		})
	})
	return append([]byte{version}, sum...), err
}
