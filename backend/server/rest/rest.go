package rest

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"spinscope/backend/export"
	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// Deps is what the API reads. Reader is needed; without Stream, Feed, Watch, Metadata, Tickers, Alerts or Export their routes say
// that nothing is there.
type Deps struct {
	Reader    Reader
	Stream    Stream
	Feed      func() FeedStatus
	Endpoints func() []wire.Endpoint // of the cluster; texts hold no secrets
	Watch     Watch
	Log       func(after uint64, least slog.Level, limit int) wire.Log
	Metadata  Metadata
	Mints     Mints // nil: names and supplies are those of events
	Tickers   Tickers
	USD       USD // nil: the price of SOL is not known
	Alerts    Alerts
	Export    export.Source
	// Backup writes a backup of the market; nil where there is none to be had.
	Backup    func(ctx context.Context, w io.Writer) error
	Now       func() time.Time  // time.Now if nil
	Intervals []market.Interval // kept ones; all if empty
	Kline     wire.KlineConfig
	Cluster   string
	ProgramID market.Pubkey
	Version   string
	Messages  []Message          // of the stream, for its description
	Newer     func() *wire.Newer // a newer version, nil while none is known; nil: nobody is asked
	Node      func() wire.Node   // how the server stands among several; nil of one alone
	Logger    *slog.Logger       // slog.Default() if nil
}

// API is the handler of /api/, /api-docs/ and /udf/.
type API struct {
	deps    Deps
	mux     *http.ServeMux
	huma    huma.API
	methods map[string][]string // by path, for 405 answers
	exports chan struct{}       // a place for each running export
	backups chan struct{}       // likewise
	folds   chan struct{}       // a place for each request that folds events into positions
	traded  tradersCache
}

// maxExports bounds the exports that run at once; each holds a chunk of rows and reads the store as fast as it can.
const maxExports = 4

// New returns the API over deps.
func New(deps Deps) *API {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Logger == nil {
		deps.Logger = slog.Default()
	}

	if len(deps.Intervals) == 0 {
		deps.Intervals = market.AllIntervals()
	}
	if deps.Feed == nil {
		deps.Feed = func() FeedStatus { return FeedStatus{Connection: "disabled"} }
	}

	a := &API{
		deps: deps, mux: http.NewServeMux(), methods: map[string][]string{}, exports: make(chan struct{}, maxExports), backups: make(chan struct{}, 1),
		folds: make(chan struct{}, maxFolds),
	}
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:       "Spinscope",
				Version:     deps.Version,
				Description: "Market data of SpinPet tokens and pump coins, read from Solana. Every answer is {success, data, message}, but for those below /udf/. Nothing here writes.",
			},
			Components: &huma.Components{
				Schemas:         schemaRegistry(),
				SecuritySchemes: map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer", Description: "Only where server.token is set"}},
			},
			Security: []map[string][]string{{}, {"token": {}}},
		},
		OpenAPIPath:   "/api-docs/openapi",
		Formats:       map[string]huma.Format{"application/json": {Marshal: marshal, Unmarshal: json.Unmarshal}},
		DefaultFormat: "application/json",
	}
	schemas := config.Components.Schemas
	a.huma = humago.New(a.mux, config)
	a.routes()
	nullable(schemas)
	delete(schemas.Map(), "ErrorModel") // huma's own shape of failure; ours is the envelope
	delete(schemas.Map(), "ErrorDetail")
	a.mux.HandleFunc("/", a.notFound)

	return a
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	a.mux.ServeHTTP(w, r)
}

// OpenAPI is the description of the API, OpenAPI 3.1.
func (a *API) OpenAPI() *huma.OpenAPI { return a.huma.OpenAPI() }

// notFound answers for paths and methods that no route has.
func (a *API) notFound(w http.ResponseWriter, r *http.Request) {
	problem := &failure{http.StatusNotFound, "no such route: see /docs"}
	if methods := a.methods[r.URL.Path]; len(methods) > 0 {
		w.Header().Set("Allow", strings.Join(methods, ", "))
		problem = &failure{http.StatusMethodNotAllowed, r.URL.Path + " takes " + strings.Join(methods, " and ")}
	}
	answer := problem.AppendJSON(nil)
	if strings.HasPrefix(r.URL.Path, udfPrefix) {
		answer = (&udfFailure{problem}).AppendJSON(nil)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(problem.status)
	_, _ = w.Write(answer) // the client is gone if it fails
}

// answer is what huma writes for a route that gives T.
type answer[T any] struct{ Body wire.Envelope[T] }

// route describes one route.
type route struct {
	method, path, tag, summary, description string
	params                                  []*huma.Param
}

// add registers a route whose handler gives T or an error.
func add[T any](a *API, r route, handler func(ctx context.Context, q *query) (T, error)) {
	huma.Register(a.huma, a.operation(r), func(ctx context.Context, q *query) (*answer[T], error) {
		if q.err != nil {
			return nil, q.err
		}
		data, err := handler(ctx, q)
		if q.err != nil { // found bad while the handler read its parameters
			return nil, q.err
		}
		if err != nil {
			return nil, a.fail(ctx, r.path, err)
		}
		return &answer[T]{wire.Envelope[T]{Success: true, Data: data, Message: wire.Success}}, nil
	})
}

func (a *API) operation(r route) huma.Operation {
	methods := []string{r.method}
	if r.method == http.MethodGet {
		methods = append(methods, http.MethodHead)
	}
	a.methods[r.path] = methods
	name := strings.NewReplacer("/api/", "", "/", "-", "{", "", "}", "").Replace(r.path)
	name = strings.TrimPrefix(name, "-")
	return huma.Operation{
		OperationID:        name,
		Method:             r.method,
		Path:               r.path,
		Tags:               []string{r.tag},
		Summary:            r.summary,
		Description:        r.description,
		Parameters:         r.params,
		SkipValidateParams: true, // query.go does it, with the envelope
		SkipValidateBody:   true,
		Responses: map[string]*huma.Response{
			"4XX": {Description: "The message begins with the parameter that is wrong", Content: failureContent()},
			"500": {Description: "The server could not read its data", Content: failureContent()},
		},
	}
}

func failureContent() map[string]*huma.MediaType {
	return map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{
		Type: huma.TypeObject,
		Properties: map[string]*huma.Schema{
			"success": {Type: huma.TypeBoolean, Enum: []any{false}},
			"data":    {Type: "null"},
			"message": {Type: huma.TypeString},
		},
		Required: []string{"success", "data", "message"},
	}}}
}

var buffers = sync.Pool{New: func() any { return new(make([]byte, 0, 64<<10)) }}

// marshal writes an answer in one piece: with its own encoder where it has one, else by reflection.
func marshal(w io.Writer, v any) error {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)

	dst := (*buffer)[:0]
	switch v := v.(type) {
	case wire.Envelope[*wire.Klines]:
		dst = wire.AppendEnvelope(dst, v.Data)
	case wire.Envelope[*wire.Events]:
		dst = wire.AppendEnvelope(dst, v.Data)
	case wire.Appender:
		dst = v.AppendJSON(dst)
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		dst = append(dst, text...)
	}

	if cap(dst) <= 4<<20 { // one huge answer must not stay in the pool
		*buffer = dst
	}
	_, _ = w.Write(dst) // it fails only when the client is gone; net/http notices too
	return nil
}

func (a *API) keeps(interval market.Interval) bool {
	return slices.Contains(a.deps.Intervals, interval)
}
