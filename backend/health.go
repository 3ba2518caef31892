package backend

import (
	"log/slog"
	"strings"
	"time"

	"spinscope/backend/wire"
)

// endpoints tells how each access point of the cluster does, in the words of the REST API.
func (in *intake) endpoints() []wire.Endpoint {
	feed := in.current()
	if feed == nil {
		return nil
	}
	list, lag := []wire.Endpoint{}, feed.Status().Lag
	for _, one := range feed.Endpoints() {
		endpoint := wire.Endpoint{
			Name: one.Name, State: string(one.State), InUse: one.InUse,
			LatencyMS: float64(one.Latency) / float64(time.Millisecond), Slot: uint64(one.Slot), SeenAt: milliseconds(one.SeenAt),
			Errors: one.Errors, Reconnects: one.Reconnects, LastError: in.backend.options.Tail.Veil(one.LastError), LastErrorAt: milliseconds(one.LastErrorAt),
		}
		if one.InUse {
			endpoint.LagSlots = new(lag)
		}
		list = append(list, endpoint)
	}
	return list
}

// logRecords is the tail of the log in the words of the REST API.
func (b *Backend) logRecords(after uint64, least slog.Level, limit int) wire.Log {
	tail := b.options.Tail
	log := wire.Log{Records: []wire.LogRecord{}}
	for _, record := range tail.After(after, least, limit) {
		line := wire.LogRecord{
			Seq: record.Seq, Time: record.Time.UnixMilli(), Level: levelName(record.Level), Message: record.Message,
			Attrs: make([]wire.LogAttr, len(record.Attrs)),
		}
		for i, attr := range record.Attrs {
			line.Attrs[i] = wire.LogAttr{Key: attr.Key, Value: attr.Value}
		}
		log.Records = append(log.Records, line)
	}
	log.Oldest, log.Newest = tail.Span()
	return log
}

// levelName is one of the four names, for a level in between that of the one below.
func levelName(level slog.Level) string {
	switch {
	case level < slog.LevelInfo:
		level = slog.LevelDebug
	case level < slog.LevelWarn:
		level = slog.LevelInfo
	case level < slog.LevelError:
		level = slog.LevelWarn
	default:
		level = slog.LevelError
	}
	return strings.ToLower(level.String())
}

// milliseconds is t in Unix milliseconds, 0 for the zero time.
func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
