package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"spinscope/backend"
	"spinscope/backend/export"
	"spinscope/backend/market"
	"spinscope/backend/offline"
	"spinscope/backend/store"
)

type exportCommand struct {
	Kind      string   `arg:"" enum:"candles,trades,events,orders,gaps" default:"candles" help:"candles, trades, events, orders or gaps."`
	Mint      []string `help:"Token to export; may be repeated. Without it, all." placeholder:"ADDRESS"`
	Interval  string   `help:"Interval of candles, such as m1." default:"m1"`
	From      string   `help:"Earliest time: 2026, 2026-11, 2026-11-01, 2026-11-01T12:00:00Z, Unix seconds, or an age such as 7d or 36h. Days, months and years are UTC." placeholder:"TIME"`
	To        string   `help:"Latest time, inclusive; a day, a month or a year with all of it." placeholder:"TIME"`
	Format    string   `help:"csv, jsonl, parquet or arrow; by default what the file's name ends in (.csv, .jsonl, .ndjson, .json for JSON Lines, .parquet, .arrow, .feather), csv on standard output, parquet with --partition." placeholder:"FORMAT"`
	Out       string   `short:"o" help:"File to write, compressed if its name ends in .gz or .zst; without it or with -, standard output." type:"path" placeholder:"FILE"`
	MarketCap bool     `name:"with-market-cap" help:"A last column market_cap of candles, trades and events: price × supply, in whole units of what a token is paid in; empty where the supply is not known."`
	Manifest  bool     `help:"Write FILE.manifest.json beside the file: range, rows, commit, gaps, checksum." default:"true" negatable:""`

	Partition string `help:"day: write a directory with a file a day, --out/date=2026-11-01/data.parquet, as DuckDB, Spark and others read it." enum:",day" default:"" placeholder:"day"`
	SinceLast bool   `help:"With --partition: go on where the last export into that directory ended, and write the days anew that changed since."`

	URL   string `name:"url" help:"Export from the running server at this address." placeholder:"URL"`
	Token string `help:"The server's token, with --url." env:"SPINSCOPE_TOKEN"`

	Config  string  `help:"Configuration file (TOML)." placeholder:"FILE" type:"path"`
	DataDir string  `help:"Where the market is stored." placeholder:"DIR" type:"path"`
	Cluster *string `help:"Whose market: demo, localnet, devnet, mainnet or custom." placeholder:"NAME"`

	ProgramID *string `help:"SpinPet program whose market it is." placeholder:"ADDRESS"`
}

// Run exports from a store that is not in use, or from a running server.
func (c *exportCommand) Run(ctx context.Context, program *Program) error {
	request, err := c.request(time.Now())
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}

	line := ticker{program: program}
	var rows int64
	begun := time.Now()
	count := func(p export.Progress) {
		rows = p.Rows
		line.show(fmt.Sprintf("%d rows%s", p.Rows, left(time.Since(begun), p)))
	}
	if c.Partition != "" {
		return c.days(ctx, program, request, &line, count)
	}

	if c.URL != "" {
		rows, err = c.download(ctx, program, &request, &line)
	} else {
		err = c.stored(ctx, program, request, count)
	}

	line.end()
	if err != nil {
		return c.failure(ctx, err)
	}

	switch {
	case c.Out == "":
	case rows < 0: // a device or a pipe, of a server that does not say
		_, _ = fmt.Fprintln(program.Stderr, "written to", c.Out)
	default:
		_, _ = fmt.Fprintf(program.Stderr, "%d rows written to %s\n", rows, c.Out)
	}

	if rows == 0 {
		_, _ = fmt.Fprintln(program.Stderr, c.empty(request.Kind))
	}
	return nil
}

// empty says what it means that an export has no rows.
func (c *exportCommand) empty(kind export.Kind) string {
	what := "of any token"
	if len(c.Mint) > 0 {
		what = "of these tokens"
	}
	if kind == export.Gaps {
		return "no gaps are known " + what + c.span() + ": nothing is known to be missing there"
	}
	return fmt.Sprintf("no %s are stored %s%s", kind, what, c.span())
}

// span is the range as it was asked for, for a sentence.
func (c *exportCommand) span() string {
	switch {
	case c.From != "" && c.To != "":
		return " from " + c.From + " to " + c.To
	case c.From != "":
		return " from " + c.From + " on"
	case c.To != "":
		return " up to " + c.To
	}
	return ""
}

// failure is the error of an export with what it leaves behind, or what to do.
func (c *exportCommand) failure(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %s", errUnfinished, c.left())
	case errors.Is(err, store.ErrLocked):
		return fmt.Errorf("%w: export from it with --url", err)
	}
	return err
}

// left says what an export that was stopped leaves behind.
func (c *exportCommand) left() string {
	switch {
	case c.Partition != "":
		return "the dataset is as it was"
	case c.Out == "":
		return "what was written is not whole"
	}
	return "no file was written"
}

func (c *exportCommand) stored(ctx context.Context, program *Program, request export.Request, progress func(export.Progress)) error {
	options, err := c.offline(program)
	if err != nil {
		return err
	}
	_, err = offline.Export(ctx, options.Offline(), request, c.Out, c.Manifest, program.Stdout, progress)
	return err
}

// offline says which store is meant.
func (c *exportCommand) offline(program *Program) (backend.Options, error) {
	shared := common{Config: c.Config, DataDir: c.DataDir, Cluster: c.Cluster, ProgramID: c.ProgramID}
	return shared.offline(program)
}

// request reads the flags; now is what ages count from.
func (c *exportCommand) request(now time.Time) (export.Request, error) {
	kind, err := export.ParseKind(c.Kind)
	if err != nil {
		return export.Request{}, err
	}

	request := export.Request{Kind: kind, MarketCap: c.MarketCap}
	if c.Format != "" {
		if request.Format, err = export.ParseFormat(c.Format); err != nil {
			return request, fmt.Errorf("--format: %w", err)
		}
	}

	if c.Out == "-" {
		c.Out = ""
	}
	switch {
	case c.Partition == "" && c.SinceLast:
		return request, errors.New("--since-last goes with --partition day")
	case c.Partition != "" && c.Out == "":
		return request, errors.New("--partition day needs --out with the name of a directory")
	case c.Partition != "" && request.Format == "":
		request.Format = export.Parquet
	}
	if c.Out != "" && c.Partition == "" {
		if request.Format, err = export.NamedFormat(c.Out, request.Format); err != nil {
			return request, err
		}
	}

	if request.Format == "" {
		request.Format = export.CSV
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
	if request.To, err = parseEnd("--to", c.To, now, request.To); err != nil {
		return request, err
	}
	if request.From > request.To {
		return request, fmt.Errorf("--from %s is after --to %s", c.From, c.To)
	}
	if err := request.Check(); err != nil {
		return request, fmt.Errorf("--with-market-cap: %w", err)
	}

	return request, nil
}

// download streams GET /api/export of a running server.
func (c *exportCommand) download(ctx context.Context, program *Program, r *export.Request, line *ticker) (rows int64, err error) {
	query := queryOf(r)
	query.Set("format", string(r.Format))
	answer, err := ask(ctx, c.URL, "/api/export?"+query.Encode(), c.Token)
	if err != nil {
		return 0, err
	}

	defer func() { _ = answer.Body.Close() }()
	if r.MarketCap && answer.Header.Get(export.SuppliesHeader) == "" {
		return 0, errNoCaps
	}
	body := &counted{reader: answer.Body, line: line}
	var file *export.ManifestFile
	if c.Out == "" {
		_, err = io.Copy(program.Stdout, body)
	} else {
		file, err = export.PlaceSummed(c.Out, func(w io.Writer) error {
			if _, err := io.Copy(w, body); err != nil {
				return fmt.Errorf("download: %w", err)
			}
			return nil
		})
	}

	if errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, fmt.Errorf("the server broke off after %d kB: its log says why; %s", body.bytes>>10, c.left())
	}
	if err != nil {
		return 0, err
	}

	// An older server does not say how many rows it gave, and proxies leave out what comes behind a body.
	rows, unsaid := strconv.ParseInt(answer.Trailer.Get(export.RowsTrailer), 10, 64)
	if unsaid != nil {
		rows = -1
	}
	if file == nil {
		return rows, nil
	}
	if unsaid != nil {
		if rows, err = export.RowsIn(c.Out, r.Format); err != nil {
			return 0, fmt.Errorf("the file is written, without a manifest: %w", err)
		}
	}

	if !c.Manifest {
		return rows, nil
	}
	return rows, c.manifest(ctx, r, answer.Header, *file, rows)
}

var errNoCaps = errors.New("the server does not say by which supplies it counts: it is too old for --with-market-cap")

// ask gets an answer of a running server, whose body is the caller's to close; one that is not 200 is an error in the server's words.
func ask(ctx context.Context, server, path, token string) (*http.Response, error) {
	address := server
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(address, "/")+path, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: --url %s: write it as http://127.0.0.1:5051", errUsage, server)
	}

	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the server: %w: is it running there?", err)
	}
	if answer.StatusCode != http.StatusOK {
		defer func() { _ = answer.Body.Close() }()
		return nil, refusal(answer)
	}
	return answer, nil
}

// refusal is what a server answered in the place of a file, in its own words.
func refusal(answer *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 4096))
	var envelope struct {
		Message string `json:"message"`
	}
	words := strings.TrimSpace(string(text))
	if json.Unmarshal(text, &envelope) == nil && envelope.Message != "" {
		words = envelope.Message
	}
	if answer.StatusCode == http.StatusUnauthorized {
		words += ": give it with --token or SPINSCOPE_TOKEN"
	}
	return fmt.Errorf("the server answered %s: %s", answer.Status, words)
}

// counted tells of the bytes read.
type counted struct {
	reader io.Reader
	line   *ticker
	bytes  int64
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.reader.Read(p)
	c.bytes += int64(n)
	c.line.show(fmt.Sprintf("%.1f MB", float64(c.bytes)/1e6))
	return n, err
}
