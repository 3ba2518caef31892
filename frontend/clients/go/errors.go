package spinscope

import (
	"errors"
	"fmt"
	"net/http"
)

// Code is a code of docs/protocol.md.
type Code int

// The codes.
const (
	CodeInvalid       Code = 1001
	CodeRefused       Code = 1002 // too many subscriptions
	CodeHistoryFailed Code = 1003
	CodeUnauthorized  Code = 1004
	CodeRateLimited   Code = 1005
)

// RequestError is a request over the connection that the server refused.
type RequestError struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Topic   string `json:"-"`
}

func (e *RequestError) Error() string { return fmt.Sprintf("%s (%d)", e.Message, e.Code) }

// HTTPError is a failure that the REST API answered with.
type HTTPError struct {
	Status  int
	Message string
}

func (e *HTTPError) Error() string { return fmt.Sprintf("%s (%d)", e.Message, e.Status) }

// UnreachableError says that the server does not answer, or that its answer broke off. Only single questions end with it: what is
// followed waits.
type UnreachableError struct{ cause error }

func (e *UnreachableError) Error() string { return "the server does not answer: " + e.cause.Error() }
func (e *UnreachableError) Unwrap() error { return e.cause }

// ErrClosed is what a stream ends with that was closed, or whose client was.
var ErrClosed = errors.New("closed")

// ErrStoreChanged says that the server had another store each time that reading began anew.
var ErrStoreChanged = errors.New("the server has another store than when reading began")

// ErrURL is returned for an address that is none of a server.
var ErrURL = errors.New("an address such as http://127.0.0.1:5051 is needed")

// passing reports whether the same request may succeed later.
func passing(err error) bool {
	var answered *HTTPError
	if errors.As(err, &answered) {
		return answered.Status == http.StatusTooManyRequests || answered.Status >= http.StatusInternalServerError
	}
	var unreachable *UnreachableError
	return errors.As(err, &unreachable)
}
