package solana

import (
	"context"
	"log/slog"
	"time"
)

// connectionLog logs changes of the connection, each once: an outage of hours is a line, not thousands.
type connectionLog struct {
	logger *slog.Logger
	said   map[string]bool // what was logged since the connection was lost; nil while connected
	since  time.Time
}

const maxSaid = 100 // different errors of an outage

func (v *connectionLog) up(endpoint Endpoint) {
	if v.said == nil {
		v.logger.Info("connected", "endpoint", endpoint)
	} else {
		v.logger.Info("connected again", "endpoint", endpoint, "after", time.Since(v.since).Round(time.Millisecond))
	}
	v.said = nil
}

func (v *connectionLog) down(ctx context.Context, endpoint Endpoint, err error, wait time.Duration) {
	if v.said == nil {
		v.since, v.said = time.Now(), map[string]bool{}
	}
	level, text := slog.LevelWarn, endpoint.String()+err.Error()
	if v.said[text] || len(v.said) == maxSaid {
		level = slog.LevelDebug
	} else {
		v.said[text] = true
	}
	v.logger.Log(ctx, level, "cluster unreachable, retrying", "endpoint", endpoint, "in", wait.Round(time.Millisecond), "err", err)
}
