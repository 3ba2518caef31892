package rest

import (
	"log/slog"
	"strings"

	"spinscope/backend/logtail"
	"spinscope/backend/wire"
)

// NewLog answers from the tail of the log.
func NewLog(tail *logtail.Tail) func(after uint64, least slog.Level, limit int) wire.Log {
	return func(after uint64, least slog.Level, limit int) wire.Log { return logRecords(tail, after, least, limit) }
}

func logRecords(tail *logtail.Tail, after uint64, least slog.Level, limit int) wire.Log {
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
