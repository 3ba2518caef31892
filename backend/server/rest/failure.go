package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"spinscope/backend/wire"
)

// failure is an error with the status and the message that the client gets.
type failure struct {
	status  int
	message string
}

// Error implements error.
func (f *failure) Error() string { return f.message }

// GetStatus implements huma.StatusError.
func (f *failure) GetStatus() int { return f.status }

// AppendJSON writes the failed envelope.
func (f *failure) AppendJSON(dst []byte) []byte { return wire.AppendFailure(dst, f.message) }

// bad is a failure of the named parameter.
func bad(name, format string, args ...any) *failure {
	return &failure{http.StatusBadRequest, name + ": " + fmt.Sprintf(format, args...)}
}

// fail turns a handler's error into what the client gets. Anything unforeseen is logged in full and answered without
// detail: it may hold paths or addresses.
func (a *API) fail(ctx context.Context, route string, err error) error {
	if known, ok := errors.AsType[*failure](err); ok {
		return known
	}
	if ctx.Err() != nil {
		return &failure{http.StatusRequestTimeout, "the request ended before the answer was ready"}
	}
	a.deps.Logger.ErrorContext(ctx, "request failed", "component", "rest", "route", route, "err", err)
	return &failure{http.StatusInternalServerError, "the server could not read its data; its log has the details"}
}
