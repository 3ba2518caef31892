package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spinscope/backend"
	"spinscope/backend/export"
	"spinscope/backend/replay"
	"spinscope/backend/store"
)

type replayCommand struct {
	File    string `arg:"" optional:"" help:"Events as 'spinscope export events' writes them, .gz and .zst too; without it, the market of the data directory." type:"path"`
	From    string `help:"Begin here: 2026, 2026-11, 2026-11-01, 2026-11-01T12:00:00Z, Unix seconds, or an age such as 7d or 36h. What lies before is there as history." placeholder:"TIME"`
	To      string `help:"End here, inclusive; a day, a month or a year with all of it." placeholder:"TIME"`
	Speed   string `help:"Seconds of the market in one second." default:"1" placeholder:"N"`
	Wait    bool   `help:"Begin when a client subscribes."`
	Stay    bool   `help:"Go on serving after the end."`
	Format  string `help:"jsonl, csv or parquet; by default what the file's name ends in." placeholder:"FORMAT"`
	SkipBad bool   `help:"Leave out lines that are no events instead of refusing the file."`

	Listen    string  `help:"Loopback address to serve on; port 0 takes any free one." default:"127.0.0.1:5051" placeholder:"HOST:PORT"`
	Config    string  `help:"Configuration file (TOML)." placeholder:"FILE" type:"path"`
	DataDir   string  `help:"Where the market is stored." placeholder:"DIR" type:"path"`
	Cluster   *string `help:"Whose market: demo, localnet, devnet, mainnet or custom." placeholder:"NAME"`
	RPCURL    *string `name:"rpc-url" help:"RPC address of the custom cluster whose market it is." placeholder:"URL"`
	ProgramID *string `help:"SpinPet program the events are of." placeholder:"ADDRESS"`
	LogLevel  *string `help:"debug, info, warn or error." placeholder:"LEVEL" default:"warn"`
	LogFormat *string `help:"text or json." placeholder:"FORMAT"`
}

// Run serves the recording until its end or that of the context.
func (c *replayCommand) Run(ctx context.Context, program *Program) error {
	r, err := c.replay(time.Now())
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if err := loopbackOnly(c.Listen); err != nil {
		return fmt.Errorf("%w: --listen %s: a replay is served on loopback only, such as 127.0.0.1:5051", errUsage, c.Listen)
	}

	if c.File != "" {
		file, err := recorded(c.File, c.Format, c.SkipBad)
		if err != nil {
			return err
		}
		r.File = &file
	}

	shared := common{
		Config: c.Config, DataDir: c.DataDir, Listen: &c.Listen, Cluster: c.Cluster, RPCURL: c.RPCURL, ProgramID: c.ProgramID,
		LogLevel: c.LogLevel, LogFormat: c.LogFormat,
	}
	options, err := shared.offline(program)
	if err != nil {
		return err
	}

	line := ticker{program: program}
	r.Progress = func(done int64) { line.show(fmt.Sprintf("%d events read", done)) }
	r.Serving = func(address string, from, to int64) {
		line.end()
		_, _ = fmt.Fprintf(program.Stdout, "replaying %s to %s at %s times its speed on http://%s/\n",
			time.Unix(from, 0).UTC().Format(time.RFC3339), time.Unix(to, 0).UTC().Format(time.RFC3339), c.Speed, address)
	}
	err = backend.RunReplay(ctx, options, r)
	line.end()
	if errors.Is(err, store.ErrLocked) {
		return fmt.Errorf("%w: export its events with `spinscope export events --url`, and replay the file", err)
	}

	if err == nil && ctx.Err() == nil {
		_, _ = fmt.Fprintln(program.Stderr, "the recording is over")
	}
	return err
}

// replay reads the flags; now is what ages count from.
func (c *replayCommand) replay(now time.Time) (r replay.Replay, err error) {
	r = replay.Replay{Wait: c.Wait, Stay: c.Stay}
	r.From, r.To = export.Always()
	if r.Speed, err = speed(c.Speed); err != nil {
		return r, err
	}
	if r.From, err = parseTime("--from", c.From, now, r.From); err != nil {
		return r, err
	}
	if r.To, err = parseEnd("--to", c.To, now, r.To); err != nil {
		return r, err
	}
	if r.From > r.To {
		return r, fmt.Errorf("--from %s is after --to %s", c.From, c.To)
	}
	return r, nil
}
