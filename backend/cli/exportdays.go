package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"spinscope/backend/export"
	"spinscope/backend/market"
	"spinscope/backend/offline"
	"spinscope/backend/wire"
)

// days brings a dataset up to a store that is not in use, or to a running server.
func (c *exportCommand) days(ctx context.Context, program *Program, request export.Request, line *ticker, progress func(export.Progress)) error {
	if err := request.Divisible(); err != nil {
		return fmt.Errorf("%w: --partition day: %w", errUsage, err)
	}
	dataset := &export.Dataset{Dir: c.Out, Request: request}

	var ran export.Ran
	var err error
	if c.URL != "" {
		ran, err = dataset.Write(ctx, serverParts{c}, c.SinceLast, progress)
	} else {
		options, failed := c.offline(program)
		if failed != nil {
			return failed
		}
		ran, err = offline.ExportDays(ctx, options.Offline(), dataset, c.SinceLast, progress)
	}

	line.end()
	if err != nil {
		return c.failure(ctx, err)
	}

	_, _ = fmt.Fprintf(program.Stderr, "%d rows in %s: %s\n", ran.Rows, c.Out, ranWords(&ran))
	return nil
}

// ranWords says what a run did to a dataset.
func ranWords(ran *export.Ran) string {
	words := []string{days(ran.Written) + " written"}
	for _, one := range []struct {
		n    int
		what string
	}{{ran.Removed, "removed, as nothing is stored of them any more"}, {ran.Unchanged, "as before"}, {ran.Kept, "kept that the store deletes"}} {
		if one.n > 0 {
			words = append(words, days(one.n)+" "+one.what)
		}
	}
	return strings.Join(words, ", ")
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return strconv.Itoa(n) + " days"
}

// left is the end of a line that tells of progress: how much longer the rest takes, where that can be told.
func left(took time.Duration, p export.Progress) string {
	rest := p.Left(took).Round(time.Second)
	if rest == 0 {
		return ""
	}
	return ", about " + rest.String() + " left"
}

// queryOf is what a request says in an address, but for the format.
func queryOf(r *export.Request) url.Values {
	query := url.Values{"kind": {string(r.Kind)}, "interval": {r.Interval.String()}}
	for _, mint := range r.Mints {
		query.Add("mint", mint.String())
	}
	if r.MarketCap {
		query.Set("market_cap", "true")
	}
	if r.From > math.MinInt64 {
		query.Set("from", strconv.FormatInt(r.From, 10))
	}
	if r.To < math.MaxInt64 {
		query.Set("to", strconv.FormatInt(r.To, 10))
	}
	return query
}

// manifest writes the manifest of a downloaded file.
func (c *exportCommand) manifest(ctx context.Context, r *export.Request, header http.Header, file export.ManifestFile, rows int64) (err error) {
	m := export.NewManifest(r)
	m.Store = header.Get(export.StoreHeader)
	seq, _ := strconv.ParseUint(header.Get(export.SeqHeader), 10, 64) // an older server does not say
	m.Seq = market.Seq(seq)
	if r.MarketCap {
		if err := json.Unmarshal([]byte(header.Get(export.SuppliesHeader)), m.MarketCap); err != nil {
			return fmt.Errorf("read by which supplies the server counts: %w", err)
		}
	}
	if m.Gaps, err = (serverParts{c}).Gaps(ctx, *r); err != nil {
		return fmt.Errorf("gaps for the manifest: %w", err)
	}
	return m.WriteBeside(c.Out, file, rows)
}

// serverParts reads the days of a dataset from a running server.
type serverParts struct{ c *exportCommand }

// Days implements export.Parts.
func (p serverParts) Days(ctx context.Context, req export.Request, id string, since market.Seq) (export.Days, error) {
	query := queryOf(&req)
	if since > 0 {
		query.Set("store", id)
		query.Set("since_seq", strconv.FormatUint(uint64(since), 10))
	}
	answer, err := ask(ctx, p.c.URL, "/api/export/days?"+query.Encode(), p.c.Token)
	if err != nil {
		return export.Days{}, err
	}
	defer func() { _ = answer.Body.Close() }()

	var reported struct {
		Data wire.ExportDays `json:"data"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&reported); err != nil {
		return export.Days{}, fmt.Errorf("read the server's days: %w", err)
	}
	d := &reported.Data
	if req.MarketCap && d.MarketCap == nil {
		return export.Days{}, errNoCaps
	}
	return export.Days{MarketCap: d.MarketCap, Store: d.Store, Seq: market.Seq(d.Seq), Horizon: d.Horizon, Whole: d.Whole, Days: d.Days}, nil
}

// WritePart implements export.Parts.
func (p serverParts) WritePart(ctx context.Context, w io.Writer, req export.Request, progress func(export.Progress)) (int64, error) {
	query := queryOf(&req)
	query.Set("format", string(req.Format))
	query.Set("part", "true")
	answer, err := ask(ctx, p.c.URL, "/api/export?"+query.Encode(), p.c.Token)
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()

	if _, err := io.Copy(w, answer.Body); err != nil {
		return 0, fmt.Errorf("download: %w: the server's log says why", err)
	}
	rows, err := strconv.ParseInt(answer.Trailer.Get(export.RowsTrailer), 10, 64)
	if err != nil {
		return 0, errors.New("the server does not say how many rows it gave: it is too old for --partition")
	}
	progress(export.Progress{Rows: rows, Part: 1})
	return rows, nil
}

// Gaps implements export.Parts.
func (p serverParts) Gaps(ctx context.Context, req export.Request) ([]export.ManifestGap, error) {
	req.Kind, req.MarketCap = export.Gaps, false
	query := queryOf(&req)
	query.Set("format", string(export.JSONL))
	answer, err := ask(ctx, p.c.URL, "/api/export?"+query.Encode(), p.c.Token)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()

	gaps := []export.ManifestGap{}
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		var gap export.ManifestGap
		if err := json.Unmarshal(lines.Bytes(), &gap); err != nil {
			return nil, fmt.Errorf("read the server's gaps: %w", err)
		}
		if gap.State != market.GapFilled.String() {
			gaps = append(gaps, gap)
		}
	}
	return gaps, lines.Err()
}
