package solana

import (
	"log/slog"
	"sync"
	"time"
)

// spellQuiet is how long an endpoint must answer without asking for fewer requests until it counts as content again.
const spellQuiet = 30 * time.Second

// rateSpell logs the rate limits of an endpoint: its first, and when they are over, not each of them. It outlives
// connections. Safe for concurrent use.
type rateSpell struct {
	logger   *slog.Logger
	endpoint Endpoint

	mu    sync.Mutex
	since time.Time // zero between spells
	until time.Time // end of the last pause asked for
	count int
}

// limited notes that the endpoint asked for a pause.
func (s *rateSpell) limited(pause time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.until = now.Add(pause)
	if s.count++; s.since.IsZero() {
		s.since = now
		s.logger.Warn("the endpoint limits requests, asking more slowly", "endpoint", s.endpoint, "pause", pause.Round(time.Millisecond), "err", err)
		return
	}
	s.logger.Debug("rate limited", "endpoint", s.endpoint, "pause", pause.Round(time.Millisecond), "err", err)
}

// answered notes that a request was answered; that ends a spell when the last limit is long enough ago.
func (s *rateSpell) answered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.since.IsZero() || now.Sub(s.until) < spellQuiet {
		return
	}
	s.logger.Info("the endpoint limits requests no more", "endpoint", s.endpoint, "limited", s.count, "after", s.until.Sub(s.since).Round(time.Second))
	s.since, s.count = time.Time{}, 0
}
