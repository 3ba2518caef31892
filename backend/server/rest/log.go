package rest

import (
	"context"
	"log/slog"

	"github.com/danielgtaylor/huma/v2"

	"spinscope/backend/wire"
)

// maxRecords is how many records of the log an answer holds at most; the server keeps no more.
const maxRecords = 500

var logLevels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}

func (a *API) logRoutes() {
	add(a, get("/api/log", "status", "The newest records of the server's log",
		"Records below logging.level are not made, so that level=debug shows more only where the server logs that much.",
		some(choiceParam("level", "Only records of this level and above", false, "debug", "info", "warn", "error"),
			&huma.Param{
				Name: "limit", In: "query", Description: "The newest so many; more than 500 gives 500",
				Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: new(0.0), Default: maxRecords},
			},
			&huma.Param{
				Name: "after", In: "query", Description: "Only records with a higher seq",
				Schema: &huma.Schema{Type: huma.TypeInteger, Format: "int64", Minimum: new(0.0), Maximum: new(float64(maxWhole)), Default: 0},
			})), a.log)
}

func (a *API) log(_ context.Context, q *query) (wire.Log, error) {
	least := logLevels[q.choice("level", "debug", "info", "warn", "error")]
	limit, after := q.limit(maxRecords, maxRecords), q.count("after")
	if q.err != nil || a.deps.Log == nil {
		return wire.Log{Records: []wire.LogRecord{}}, nil
	}
	return a.deps.Log(after, least, limit), nil
}
