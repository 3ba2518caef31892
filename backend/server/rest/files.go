package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"spinscope/backend/export"
	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// maxExportMints is how many mints one export may hold.
const maxExportMints = 1000

// exportStall is how long one chunk of an export may take to be read by the client.
const exportStall = time.Minute

func (a *API) fileRoutes() {
	download := get("/api/export", "files", "A streamed download of candles, trades, events, orders or gaps",
		"Every digit of the stored integers. An export that fails midway ends with a broken transfer, never as a whole file.",
		some(exportMints(),
			choiceParam("kind", "", false, texts(export.Kinds())...), intervalParam(false)), spanParams(),
		some(choiceParam("format", "", false, texts(export.Formats())...), &huma.Param{
			Name: "market_cap", In: "query", Description: "A last column market_cap of candles, trades and events: price × supply in whole units of what a coin is paid in, the nearest float64, empty where its supply is not known. The header Spinscope-Supplies says by which supplies",
			Schema: &huma.Schema{Type: huma.TypeBoolean, Default: false},
		}, &huma.Param{
			Name: "part", In: "query", Description: "One of the parts of an export, as by days: no rows of gaps, and the store is not counted",
			Schema: &huma.Schema{Type: huma.TypeBoolean, Default: false},
		}))
	operation := a.operation(download)
	operation.Responses["200"] = &huma.Response{Description: "The file", Content: map[string]*huma.MediaType{
		"text/csv":                          {Schema: &huma.Schema{Type: huma.TypeString}},
		"application/x-ndjson":              {Schema: &huma.Schema{Type: huma.TypeString}},
		"application/vnd.apache.parquet":    {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
		"application/vnd.apache.arrow.file": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}
	huma.Register(a.huma, operation, a.export)

	add(a, get("/api/export/days", "files", "The days that an export by days has to download",
		"Of candles, trades or events. With store and since_seq of an earlier answer, the days that have changed since, as far as the commit log reaches back; otherwise all.",
		some(exportMints(), choiceParam("kind", "", false, texts(export.Kinds())...), intervalParam(false)), spanParams(),
		some(&huma.Param{
			Name: "market_cap", In: "query", Description: "The export has market caps: by which supplies is answered too",
			Schema: &huma.Schema{Type: huma.TypeBoolean, Default: false},
		}, &huma.Param{Name: "store", In: "query", Description: "store of the answer before", Schema: &huma.Schema{Type: huma.TypeString}},
			&huma.Param{Name: "since_seq", In: "query", Description: "seq of the answer before", Schema: &huma.Schema{Type: huma.TypeInteger}})),
		a.exportDays)

	picture := get("/api/image/{mint}", "files", "A token's picture", "Fetched and re-encoded by this server.")
	picture.params = some(pathKey("mint", "Mint address"))
	operation = a.operation(picture)
	operation.Responses["200"] = &huma.Response{Description: "The picture", Content: map[string]*huma.MediaType{
		"image/png": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}
	huma.Register(a.huma, operation, a.image)
}

func exportMints() *huma.Param {
	return &huma.Param{
		Name: "mint", In: "query", Description: "Mint address; may be repeated; without it, all", Explode: new(true),
		Schema: &huma.Schema{Type: huma.TypeArray, MinItems: new(1), MaxItems: new(maxExportMints), Items: &huma.Schema{Type: huma.TypeString, Pattern: keyPattern}},
	}
}

// exportRequest is what both routes ask for.
func (a *API) exportRequest(q *query) export.Request {
	from, to, _ := q.span(-maxTime, maxTime)
	return export.Request{
		Mints:    q.keys("mint", maxExportMints),
		Kind:     export.Kind(q.choice("kind", texts(export.Kinds())...)),
		Interval: a.interval(q, false),
		From:     from,
		To:       to,

		MarketCap: q.flag("market_cap"),
	}
}

// exportDays says which days an export by days has to download.
func (a *API) exportDays(ctx context.Context, q *query) (*wire.ExportDays, error) {
	req := a.exportRequest(q)
	req.Format = export.CSV // of any
	store, _ := q.one("store")
	since := q.seq("since_seq")
	if q.err != nil {
		return nil, q.err
	}
	if a.deps.Export == nil {
		return nil, &failure{http.StatusNotFound, "nothing to export from"}
	}
	if err := req.Divisible(); err != nil {
		return nil, bad("kind", "%v", err)
	}

	days, err := export.DaysOf(ctx, a.deps.Export, req, store, since)
	if err != nil {
		return nil, err
	}
	return &wire.ExportDays{
		Store: days.Store, Seq: uint64(days.Seq), Horizon: days.Horizon, Whole: days.Whole, Days: append([]int64{}, days.Days...),
		MarketCap: days.MarketCap,
	}, nil
}

// stream is an answer that writes itself.
type stream struct{ Body func(huma.Context) }

func (a *API) export(ctx context.Context, q *query) (*stream, error) {
	req := a.exportRequest(q)
	req.Format = export.Format(q.choice("format", texts(export.Formats())...))
	req.Part = q.flag("part")
	if q.err != nil {
		return nil, q.err
	}

	if a.deps.Export == nil {
		return nil, &failure{http.StatusNotFound, "nothing to export from"}
	}
	if err := req.Check(); err != nil {
		return nil, bad("market_cap", "%v", err)
	}
	select {
	case a.exports <- struct{}{}:
	default:
		return nil, &failure{http.StatusTooManyRequests, "too many exports at once: try again when one has ended"}
	}

	supplies, err := req.Prepare(ctx, a.deps.Export)
	if err != nil {
		<-a.exports
		return nil, err
	}

	return &stream{func(hc huma.Context) {
		defer func() { <-a.exports }()
		a.send(ctx, hc, req, supplies)
	}}, nil
}

// send streams the export. An error after the first byte breaks the connection: the client must not take half a file
// for a whole one.
func (a *API) send(ctx context.Context, hc huma.Context, req export.Request, supplies *wire.ExportSupplies) {
	r, w := humago.Unwrap(hc)
	header := w.Header()
	header.Set("Content-Type", req.Format.ContentType())
	header.Set(export.StoreHeader, a.deps.Export.ID())
	header.Set(export.SeqHeader, strconv.FormatUint(uint64(a.deps.Export.Seq()), 10))
	if supplies != nil {
		text, _ := json.Marshal(supplies) // cannot fail: numbers
		header.Set(export.SuppliesHeader, string(text))
	}
	header.Set("Content-Disposition", `attachment; filename="`+req.Name()+`"`)
	if r.Method == http.MethodHead {
		return
	}

	control := http.NewResponseController(w)
	extend := func(export.Progress) { _ = control.SetWriteDeadline(time.Now().Add(exportStall)) } // not every writer has deadlines
	extend(export.Progress{})
	rows, err := export.Write(ctx, w, a.deps.Export, req, extend)
	if err == nil {
		_ = control.Flush() // a short answer with a length would have no trailer
		header.Set(http.TrailerPrefix+export.RowsTrailer, strconv.FormatInt(rows, 10))
		return
	}

	if ctx.Err() == nil {
		a.deps.Logger.WarnContext(ctx, "export broke off", "component", "rest", "rows", rows, "err", err)
	}
	panic(http.ErrAbortHandler)
}

func (a *API) image(ctx context.Context, q *query) (*stream, error) {
	mint, err := market.ParsePubkey(q.path("mint"))
	if err != nil {
		return nil, bad("mint", "%v", err)
	}
	if a.deps.Metadata == nil {
		return nil, errNoPicture
	}

	data, contentType, err := a.deps.Metadata.Picture(ctx, mint)
	if err != nil {
		return nil, a.fail(ctx, "/api/image", fmt.Errorf("picture of %s: %w", mint, err))
	}
	if data == nil {
		return nil, errNoPicture
	}

	return &stream{func(hc huma.Context) {
		hc.SetHeader("Content-Type", contentType)
		hc.SetHeader("Content-Length", strconv.Itoa(len(data)))
		hc.SetHeader("Cache-Control", "private, max-age=3600")
		hc.SetHeader("Content-Security-Policy", "default-src 'none'; sandbox")
		_, _ = hc.BodyWriter().Write(data) // it fails only when the client is gone
	}}, nil
}

var errNoPicture error = &failure{http.StatusNotFound, "mint: no picture is known"}

func texts[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, value := range values {
		out[i] = string(value)
	}
	return out
}
