package bus

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"spinscope/backend/wake"
)

// Errors of the package; they arrive wrapped with what was being done.
var (
	// ErrOther is returned when the log holds another writer's commit where ours was to be: this one must stop writing.
	ErrOther = errors.New("the log is another writer's")
	// ErrSettings is returned when the bus is set up so that it can lose what it has acknowledged.
	ErrSettings = errors.New("the bus must not be used as it is set up")
	// ErrAhead is returned by Follow when the store is further than the log.
	ErrAhead = errors.New("the store is further than the log of the bus")
	// ErrMissing is returned for a record or a snapshot that is not there yet.
	ErrMissing = errors.New("it is not on the bus yet")
)

// Options say where the bus is and how it is used.
type Options struct {
	URL         string        // of the servers, separated by commas; nats:// or tls://
	Credentials string        // file: a NATS credentials file, or one line USER:PASSWORD or TOKEN; empty: none
	TLSCA       string        // file with the authorities that servers' certificates are checked against; empty: the system's
	Name        string        // of the log and all that goes with it
	Replicas    int           // copies of each message; 0: 3
	MaxAge      time.Duration // how long commits stay in the log; 0: 7 days
	Node        string        // of this process, for whoever looks at the servers
	SyncChecked bool          // the operator vouches for sync_interval, which these credentials cannot ask for
	Logger      *slog.Logger  // nil is silent

	// SystemCredentials is Credentials for the servers' system account, which is asked how they write to the disk.
	SystemCredentials string
	// Embedded is the server in this process that is used in the place of URL; nil: none.
	Embedded Embedded
}

// Embedded is a server in this process (package embedded).
type Embedded interface {
	InProcess() nats.InProcessConnProvider
	System() (user, password string) // login of its system account
}

const (
	defaultReplicas = 3
	defaultMaxAge   = 7 * 24 * time.Hour
	duplicates      = 2 * time.Minute // for how long the log knows a message by its id
	connectTime     = 5 * time.Second
	requestTime     = 5 * time.Second // for one answer
	maxPayload      = 8 << 20         // bytes of a commit
	retryPause      = 200 * time.Millisecond
)

// Bus is a connection to the servers.
type Bus struct {
	options Options
	conn    *nats.Conn
	js      jetstream.JetStream
	log     *slog.Logger
}

var validName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// Connect connects. Servers that cannot be reached now are an error; ones that are lost later are tried again for ever.
func Connect(ctx context.Context, o Options) (*Bus, error) {
	if o.Replicas == 0 {
		o.Replicas = defaultReplicas
	}
	if o.MaxAge == 0 {
		o.MaxAge = defaultMaxAge
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if !validName.MatchString(o.Name) {
		return nil, fmt.Errorf("bus: name %q: letters, digits, - and _ only", o.Name)
	}

	b := &Bus{options: o, log: o.Logger.With("component", "bus")}
	options, err := b.connectOptions(o.Credentials)
	if err != nil {
		return nil, err
	}
	options = append(options,
		nats.MaxReconnects(-1), nats.ReconnectWait(retryPause), nats.ReconnectJitter(retryPause, retryPause), nats.NoCallbacksAfterClientClose(),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { b.log.Warn("the bus is lost, trying again", "err", err) }),
		nats.ReconnectHandler(func(*nats.Conn) { b.log.Info("the bus is back") }),
	)

	if b.conn, err = nats.Connect(o.URL, options...); err != nil {
		return nil, fmt.Errorf("connect to the bus at %s: %w", redacted(o.URL), err)
	}
	if b.js, err = jetstream.New(b.conn); err != nil {
		b.conn.Close()
		return nil, fmt.Errorf("connect to the bus: %w", err)
	}

	if ctx.Err() != nil {
		b.conn.Close()
		return nil, context.Cause(ctx)
	}
	return b, nil
}

// connectOptions are those of a connection with some credentials.
func (b *Bus) connectOptions(credentials string) ([]nats.Option, error) {
	options := []nats.Option{
		nats.Name("spinscope " + b.options.Node), nats.Timeout(connectTime),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			b.log.Warn("the bus refuses something", "err", err)
		}),
	}
	if b.options.Embedded != nil {
		options = append(options, nats.InProcessServer(b.options.Embedded.InProcess()))
	}

	if credentials != "" {
		text, err := os.ReadFile(credentials)
		if err != nil {
			return nil, fmt.Errorf("bus: credentials: %w", err)
		}
		line := strings.TrimSpace(string(text))
		user, password, pair := strings.Cut(line, ":")
		switch {
		case strings.Contains(line, "BEGIN NATS USER JWT"):
			options = append(options, nats.UserCredentials(credentials))
		case line == "" || strings.ContainsAny(line, "\r\n"):
			return nil, fmt.Errorf("bus: credentials: %s holds neither NATS credentials nor one line USER:PASSWORD or TOKEN", credentials)
		case pair:
			options = append(options, nats.UserInfo(user, password))
		default:
			options = append(options, nats.Token(line))
		}
	}

	if b.options.TLSCA != "" && b.options.Embedded == nil { // nothing to it leaves the process
		roots, err := Authorities(b.options.TLSCA)
		if err != nil {
			return nil, err
		}
		options = append(options, nats.Secure(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}))
	}

	return options, nil
}

// Authorities reads a file of PEM certificates that others are checked against. It is an error when it has none.
func Authorities(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file) //nolint:gosec // the operator's
	if err != nil {
		return nil, fmt.Errorf("bus: tls_ca: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("bus: tls_ca: %s holds no certificate", file)
	}
	return roots, nil
}

// redacted is addresses without what may be secret.
func redacted(urls string) string {
	list := strings.Split(urls, ",")
	for i, one := range list {
		parsed, err := url.Parse(strings.TrimSpace(one))
		if err != nil {
			list[i] = "an address that cannot be read"
			continue
		}
		list[i] = parsed.Redacted()
		if parsed.User != nil {
			parsed.User = nil
			list[i] = parsed.String()
		}
	}
	return strings.Join(list, ", ")
}

// Server is the name of the server that is connected to, "" while none is. It names one that was lost until that is noticed.
func (b *Bus) Server() string {
	if !b.conn.IsConnected() {
		return ""
	}
	return b.conn.ConnectedServerName()
}

// Close ends the connection.
func (b *Bus) Close() { b.conn.Close() }

// lasting reports whether an error is the servers' word. Any other means that it is not known what they did, or that nobody
// was asked, or that one of them is down or not found yet: then the same is asked again.
func lasting(err error) bool {
	api, isAPI := errors.AsType[*jetstream.APIError](err)
	if !isAPI || api.Code >= 500 {
		return false
	}
	return api.ErrorCode != codeNoPeers || !strings.Contains(api.Description, "peer offline")
}

// codeNoPeers is the servers' word that they are too few to make something; the text says why.
const codeNoPeers jetstream.ErrorCode = 10005

// again repeats a request until the servers answer or ctx ends.
func again[T any](ctx context.Context, request func(context.Context) (T, error)) (T, error) {
	for {
		once, cancel := context.WithTimeout(ctx, requestTime)
		value, err := request(once)
		cancel()
		if err == nil || lasting(err) || isAnswer(err) {
			return value, err
		}
		if waiting := wake.After(ctx, retryPause); waiting != nil {
			return value, errors.Join(waiting, err)
		}
	}
}

// openOrMake opens what the servers keep, and makes it where they say that it is missing. What another process made meanwhile,
// which they say exists, is as good.
func openOrMake[T any](ctx context.Context, open, create func(context.Context) (T, error), missing, exists error) (T, error) {
	value, err := again(ctx, open)
	if errors.Is(err, missing) {
		value, err = again(ctx, create)
	}
	if errors.Is(err, exists) {
		value, err = again(ctx, open)
	}
	return value, err
}

// isAnswer reports whether an error of the library stands for an answer.
func isAnswer(err error) bool {
	for _, known := range []error{
		jetstream.ErrKeyNotFound, jetstream.ErrKeyExists, jetstream.ErrKeyDeleted, jetstream.ErrBucketNotFound, jetstream.ErrBucketExists,
		jetstream.ErrStreamNotFound, jetstream.ErrObjectNotFound, jetstream.ErrMsgNotFound, jetstream.ErrNoObjectsFound,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}
