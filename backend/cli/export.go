package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"spinscope/backend"
	"spinscope/backend/export"
	"spinscope/backend/market"
	"spinscope/backend/store"
)

type exportCommand struct {
	Kind     string   `arg:"" enum:"candles,trades,events,orders,gaps" default:"candles" help:"candles, trades, events, orders or gaps."`
	Mint     []string `help:"Token to export; may be repeated. Without it, all." placeholder:"ADDRESS"`
	Interval string   `help:"Interval of candles, such as m1." default:"m1"`
	From     string   `help:"Earliest time: Unix seconds, 2026-11-01, 2026-11-01T12:00:00Z, or an age such as 7d or 36h." placeholder:"TIME"`
	To       string   `help:"Latest time, inclusive." placeholder:"TIME"`
	Format   string   `help:"csv, jsonl or parquet; by default what the file's name ends in, else csv." placeholder:"FORMAT"`
	Out      string   `short:"o" help:"File to write; without it, standard output." type:"path" placeholder:"FILE"`
	URL      string   `name:"url" help:"Export from the running server at this address." placeholder:"URL"`
	Token    string   `help:"The server's token, with --url." env:"SPINSCOPE_TOKEN"`

	Config  string  `help:"Configuration file (TOML)." placeholder:"FILE" type:"path"`
	DataDir string  `help:"Where the market is stored." placeholder:"DIR" type:"path"`
	Cluster *string `help:"Whose market: demo, localnet, devnet, mainnet or custom." placeholder:"NAME"`
}

// Run exports from a store that is not in use, or from a running server.
func (c *exportCommand) Run(ctx context.Context, program *Program) error {
	request, err := c.request(time.Now())
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if c.URL != "" && len(c.Mint) == 0 {
		return fmt.Errorf("%w: --url needs --mint: a server exports the tokens that are named", errUsage)
	}
	progress := func(rows int64) { _, _ = fmt.Fprintf(program.Stderr, "\r%d rows", rows) }
	if c.Out == "" {
		progress = nil
	}
	var rows int64
	if c.URL != "" {
		err = c.download(ctx, program, &request)
	} else {
		shared := common{Config: c.Config, DataDir: c.DataDir, Cluster: c.Cluster}
		options, optionsErr := shared.options(program)
		if optionsErr != nil {
			return optionsErr
		}
		rows, err = backend.Export(ctx, options, request, c.Out, program.Stdout, progress)
		if errors.Is(err, store.ErrLocked) {
			err = fmt.Errorf("%w: export from it with --url", err)
		}
	}
	if progress != nil && rows > 0 {
		_, _ = fmt.Fprintln(program.Stderr)
	}
	if err != nil {
		return err
	}
	if c.Out != "" {
		_, _ = fmt.Fprintln(program.Stderr, "written to", c.Out)
	}
	return nil
}

// request reads the flags; now is what ages count from.
func (c *exportCommand) request(now time.Time) (export.Request, error) {
	kind, err := export.ParseKind(c.Kind)
	if err != nil {
		return export.Request{}, err
	}
	request := export.Request{Kind: kind, Format: export.CSV}
	format := c.Format
	if format == "" {
		format = strings.TrimPrefix(filepath.Ext(c.Out), ".")
	}
	if known, err := export.ParseFormat(format); err == nil {
		request.Format = known
	} else if c.Format != "" {
		return request, err
	}
	if request.Interval, err = market.ParseInterval(c.Interval); err != nil {
		return request, err
	}
	for _, text := range c.Mint {
		mint, err := market.ParsePubkey(text)
		if err != nil {
			return request, fmt.Errorf("--mint: %w", err)
		}
		request.Mints = append(request.Mints, mint)
	}
	request.From, request.To = export.Always()
	if request.From, err = parseTime("--from", c.From, now, request.From); err != nil {
		return request, err
	}
	request.To, err = parseTime("--to", c.To, now, request.To)
	return request, err
}

// parseTime reads a time as people write it; empty text gives otherwise.
func parseTime(flag, text string, now time.Time, otherwise int64) (int64, error) {
	if text == "" {
		return otherwise, nil
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return seconds, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly, "2006-01-02T15:04:05", time.DateTime} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.Unix(), nil
		}
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil && n >= 0 && n < 1e5 {
			return now.Add(-time.Duration(n * 24 * float64(time.Hour))).Unix(), nil
		}
	}
	if age, err := time.ParseDuration(text); err == nil && age >= 0 {
		return now.Add(-age).Unix(), nil
	}
	return 0, fmt.Errorf("%s %q: write Unix seconds, a date such as 2026-11-01, a time such as 2026-11-01T12:00:00Z, or an age such as 7d or 36h", flag, text)
}

// download streams GET /api/export of a running server.
func (c *exportCommand) download(ctx context.Context, program *Program, r *export.Request) error {
	query := url.Values{"kind": {string(r.Kind)}, "interval": {r.Interval.String()}, "format": {string(r.Format)}, "mint": c.Mint}
	if r.From > math.MinInt64 {
		query.Set("from", strconv.FormatInt(r.From, 10))
	}
	if r.To < math.MaxInt64 {
		query.Set("to", strconv.FormatInt(r.To, 10))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.URL, "/")+"/api/export?"+query.Encode(), nil)
	if err != nil {
		return fmt.Errorf("%w: --url: %w", errUsage, err)
	}
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 4096))
		return fmt.Errorf("the server answered %s: %s", answer.Status, strings.TrimSpace(string(text)))
	}
	if c.Out == "" {
		_, err = io.Copy(program.Stdout, answer.Body)
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(c.Out), ".spinscope-export-*")
	if err != nil {
		return fmt.Errorf("create export file: %w", err)
	}
	defer func() { _ = os.Remove(temp.Name()) }() // gone already after the renaming
	if _, err := io.Copy(temp, answer.Body); err != nil {
		_ = temp.Close()
		return fmt.Errorf("download: %w", err)
	}
	if err := temp.Close(); err != nil {
		return fmt.Errorf("write export file: %w", err)
	}
	return os.Rename(temp.Name(), c.Out)
}
