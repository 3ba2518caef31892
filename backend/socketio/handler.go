package socketio

// Handler is what a namespace does. Any field may be nil. All calls for one
// [Conn] come one after the other; calls for different Conns run at the same
// time. A panic is recovered, logged and counted; the session stays.
type Handler struct {
	// Connect runs before the CONNECT packet is answered. auth is nil when the
	// client sent none. An error refuses the client with CONNECT_ERROR: a
	// [*ConnectError] gives message and data, any other error only its text.
	// What Connect emits is delivered right after the answer.
	Connect func(c *Conn, auth map[string]any) error
	// Event gets each event in the order it was sent. args are decoded JSON
	// values, []byte for attachments; ack is nil when none was asked for and
	// answers once.
	Event func(c *Conn, name string, args []any, ack func(payload any))
	// Limited stands in for Event when the request rate was exceeded.
	Limited func(c *Conn, ack func(payload any))
	// Disconnect runs exactly once for each Conn whose Connect returned nil,
	// after every other call for it.
	Disconnect func(c *Conn, reason string)
}

// Args is a payload of several arguments: Emit(e, Args{1, 2}) sends [e,1,2].
type Args []any

// ConnectError refuses a client in [Handler.Connect].
type ConnectError struct {
	Message string
	Data    any // JSON-encodable, may be nil
}

// Error returns the message.
func (e *ConnectError) Error() string { return e.Message }

// RequestError refuses an HTTP request in [Options.Allow] with its own status.
type RequestError struct {
	Status  int // HTTP status, 4xx or 5xx
	Code    int // "code" of the JSON body
	Message string
}

// Error returns the message.
func (e *RequestError) Error() string { return e.Message }
