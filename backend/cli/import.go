package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"spinscope/backend/export"
	"spinscope/backend/offline"
	"spinscope/backend/store"
)

type importCommand struct {
	File    string `arg:"" help:"Events as 'spinscope export events' writes them: JSON Lines, CSV (.gz and .zst too) or Parquet." type:"path"`
	Format  string `help:"jsonl, csv or parquet; by default what the file's name ends in." placeholder:"FORMAT"`
	SkipBad bool   `help:"Leave out lines that are no events instead of refusing the file."`

	Config    string  `help:"Configuration file (TOML)." placeholder:"FILE" type:"path"`
	DataDir   string  `help:"Where the market is stored; made when missing." placeholder:"DIR" type:"path"`
	Cluster   *string `help:"Whose market: localnet, devnet, mainnet or custom." placeholder:"NAME"`
	RPCURL    *string `name:"rpc-url" help:"RPC address of the custom cluster whose market it is." placeholder:"URL"`
	ProgramID *string `help:"SpinPet program the events are of." placeholder:"ADDRESS"`
	LogLevel  *string `help:"debug, info, warn or error." placeholder:"LEVEL" default:"warn"`
}

// Run imports until all is stored or the context ends.
func (c *importCommand) Run(ctx context.Context, program *Program) error {
	file, err := recorded(c.File, c.Format, c.SkipBad)
	if err != nil {
		return err
	}

	shared := common{Config: c.Config, DataDir: c.DataDir, Cluster: c.Cluster, RPCURL: c.RPCURL, ProgramID: c.ProgramID, LogLevel: c.LogLevel}
	options, err := shared.offline(program)
	if err != nil {
		return err
	}

	start := time.Now()
	line := ticker{program: program}
	result, err := offline.Import(ctx, options.Offline(), file, func(p offline.ImportProgress) {
		if p.Reading {
			line.show(fmt.Sprintf("%d events read", p.Done))
		} else {
			line.show(fmt.Sprintf("%d of %d events (%.0f %%)", p.Done, p.Total, 100*float64(p.Done)/float64(max(p.Total, 1))))
		}
	})
	line.end()
	switch {
	case errors.Is(err, store.ErrLocked):
		return fmt.Errorf("%w: stop it first; an import needs the store for itself", err)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return fmt.Errorf("%w: %d events are stored, and the same command goes on from there", errUnfinished, result.Stored)
	case err != nil:
		return err
	}

	_, _ = fmt.Fprintf(program.Stderr, "%d events read, %d stored, in %v\n", result.Read, result.Stored, time.Since(start).Round(time.Second/10))
	if result.Known > 0 {
		_, _ = fmt.Fprintf(program.Stderr, "%d transactions were there already\n", result.Known)
	}
	if result.Expired > 0 {
		_, _ = fmt.Fprintf(program.Stderr, "%d transactions are older than store.retention_days and were left out\n", result.Expired)
	}

	if result.Gaps > 0 {
		_, _ = fmt.Fprintf(program.Stderr, "%d known gaps of the origin are noted: spinscope export gaps lists them\n", result.Gaps)
	}
	for _, bad := range result.Bad {
		_, _ = fmt.Fprintln(program.Stderr, bad)
	}

	if result.BadLines > 0 {
		_, _ = fmt.Fprintf(program.Stderr, "%d bad lines were left out\n", result.BadLines)
	}
	return nil
}

// recorded names a file of events; format may be empty.
func recorded(path, format string, skipBad bool) (offline.Recorded, error) {
	var asked export.Format
	var err error
	if format != "" {
		if asked, err = export.ParseFormat(format); err != nil {
			return offline.Recorded{}, fmt.Errorf("%w: --format: %w", errUsage, err)
		}
	}

	known, err := export.NamedFormat(path, asked)
	if err == nil && known == "" {
		err = fmt.Errorf("%s: its name does not say the format: give --format", path)
	}
	if err != nil {
		return offline.Recorded{}, fmt.Errorf("%w: %w", errUsage, err)
	}
	if _, err := os.Stat(path); err != nil {
		return offline.Recorded{}, fmt.Errorf("%w: read the export: %w", errUsage, err)
	}

	return offline.Recorded{Path: path, Format: known, SkipBad: skipBad}, nil
}

// speed reads 10, 10x or 0.5 as seconds of chain time for each second.
func speed(text string) (float64, error) {
	value, err := strconv.ParseFloat(strings.TrimSuffix(text, "x"), 64)
	if err != nil || !(value > 0 && value <= 1e6) { // not a number is neither
		return 0, fmt.Errorf("--speed %q: write a number above 0 and up to 1000000, such as 10 for ten seconds in one", text)
	}
	return value, nil
}
