package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"spinscope/backend"
	"spinscope/backend/config"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// Program is what the command line runs on.
type Program struct {
	Assets fs.FS                                              // the built page
	Window func(ctx context.Context, o backend.Options) error // opens the desktop app and blocks until it is closed
	Stdout io.Writer
	Stderr io.Writer
	Env    []string
}

type commands struct {
	App      appCommand      `cmd:"" default:"withargs" help:"Open the desktop app (the default)."`
	Serve    serveCommand    `cmd:"" help:"Run the same backend without a window and serve the page at http://LISTEN/."`
	Edge     edgeCommand     `cmd:"" help:"Serve a replica of the market that a bus carries, without reading a cluster."`
	Simnet   simnetCommand   `cmd:"" help:"Run a simulated Solana cluster with a SpinPet market."`
	Export   exportCommand   `cmd:"" help:"Export stored candles, trades, events, orders or gaps to CSV, JSON Lines, Parquet or Arrow."`
	Import   importCommand   `cmd:"" help:"Take exported events into a store that is not in use."`
	Replay   replayCommand   `cmd:"" help:"Serve recorded days through the live API, at their own speed or faster."`
	Backfill backfillCommand `cmd:"" help:"Read more history from the chain into a store that is not in use."`
	Verify   verifyCommand   `cmd:"" help:"Rebuild every candle and order from the stored events and report differences."`
	Backup   backupCommand   `cmd:"" help:"Write a backup of a market to one file, also while a server runs."`
	Restore  restoreCommand  `cmd:"" help:"Make a market of a backup, in a data directory that does not have it."`
	Alert    alertCommand    `cmd:"" help:"List and change the rules that alerts follow, also while a server runs."`
	Watch    watchCommand    `cmd:"" help:"List and change the coins of pump that are followed by their mint, also while a server runs."`
	Version  versionCommand  `cmd:"" help:"Print version, commit and Go version."`

	ShowVersion kong.VersionFlag `name:"version" help:"Print version, commit and Go version."`
}

// exit ends parsing early, for --help.
type exit int

// Main runs the command that args name and returns the exit code.
func Main(args []string, program Program) (code int) {
	var parsed commands
	parser, err := newParser(&parsed, program)
	if err != nil {
		_, _ = fmt.Fprintln(program.Stderr, "spinscope:", err)
		return exitFailure
	}

	defer func() {
		if status, ok := recover().(exit); ok {
			code = int(status)
		}
	}()

	if err := refuseEmpty(args); err != nil {
		return fail(program, err)
	}
	run, err := parser.Parse(args)
	if err != nil {
		return fail(program, fmt.Errorf("%w: %w (see spinscope --help)", errUsage, err))
	}

	ctx, stop := signal.NotifyContext(context.Background(), ending()...)
	defer stop()

	context.AfterFunc(ctx, stop) // a second one ends at once
	run.BindTo(ctx, (*context.Context)(nil))
	if err := run.Run(&program); err != nil {
		return fail(program, err)
	}
	return exitOK
}

func newParser(parsed *commands, program Program) (*kong.Kong, error) {
	return kong.New(parsed,
		kong.Name("spinscope"),
		kong.Description("Live SpinPet candles on your desktop, and for the scripts beside it."),
		kong.Vars{"version": "spinscope " + Version(), "refusals": refusals()},
		kong.Writers(program.Stdout, program.Stderr),
		kong.Exit(func(status int) { panic(exit(status)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
}

// refuseEmpty refuses an argument that is there and empty, as a shell's variable without a value leaves it. It would be
// taken for a flag that was not given, or a path for the current directory.
func refuseEmpty(args []string) error {
	for i, arg := range args {
		name, value, assigned := strings.Cut(arg, "=")
		switch {
		case assigned && value == "" && strings.HasPrefix(name, "--"):
		case arg == "" && i > 0 && strings.HasPrefix(args[i-1], "-"):
			name = args[i-1]
		case arg == "":
			name = fmt.Sprintf("argument %d", i+1)
		default:
			continue
		}
		return fmt.Errorf("%w: %s is empty: give it a value or leave it out", errUsage, name)
	}
	return nil
}

// ending are the signals that end the program cleanly: a closed terminal's too, unless nohup said to outlive it.
func ending() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// errUsage marks a command line that cannot be run.
var errUsage = errors.New("usage")

// fail prints the error as one line and returns its exit code.
func fail(program Program, err error) int {
	text := strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	_, _ = fmt.Fprintln(program.Stderr, "spinscope:", text)
	if errors.Is(err, errUsage) || errors.Is(err, config.ErrConfig) {
		return exitUsage
	}
	return exitFailure
}
