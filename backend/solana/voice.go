package solana

import (
	"context"
	"log/slog"
	"time"
)

// voice logs changes of the connection, each once: an outage of hours is a line, not thousands.
type voice struct {
	logger *slog.Logger
	said   string // the last error logged, "" while connected
	since  time.Time
}

func (v *voice) up(endpoint Endpoint) {
	if v.said == "" {
		v.logger.Info("connected", "endpoint", endpoint)
	} else {
		v.logger.Info("connected again", "endpoint", endpoint, "after", time.Since(v.since).Round(time.Millisecond))
	}
	v.said = ""
}

func (v *voice) down(ctx context.Context, endpoint Endpoint, err error, wait time.Duration) {
	level := slog.LevelWarn
	if text := endpoint.String() + err.Error(); text == v.said {
		level = slog.LevelDebug
	} else {
		if v.said == "" {
			v.since = time.Now()
		}
		v.said = text
	}
	v.logger.Log(ctx, level, "cluster unreachable, retrying", "endpoint", endpoint, "in", wait.Round(time.Millisecond), "err", err)
}
