package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"spinscope/backend"
	"spinscope/backend/backup"
	"spinscope/backend/offline"
	"spinscope/backend/store"
)

type backupCommand struct {
	File  string `arg:"" help:"File to write, readable by its owner alone. One of that name is replaced once the backup is whole and was read again." type:"path"`
	URL   string `name:"url" help:"Back up the running server at this address. Without it, the market in the data directory: a server that has it open is asked for it." placeholder:"URL"`
	Token string `help:"The server's token; without it that of the configuration." env:"SPINSCOPE_TOKEN"`

	Config    string  `help:"Configuration file (TOML)." placeholder:"FILE" type:"path"`
	DataDir   string  `help:"Where the market is stored." placeholder:"DIR" type:"path"`
	Cluster   *string `help:"Whose market: localnet, devnet, mainnet or custom." placeholder:"NAME"`
	ProgramID *string `help:"SpinPet program whose market it is." placeholder:"ADDRESS"`
}

// Run writes a backup of a store that is not in use, or of a running server's.
func (c *backupCommand) Run(ctx context.Context, program *Program) error {
	line := ticker{program: program}
	summary, err := c.write(ctx, program, &line)
	line.end()
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w: no file was written", errUnfinished)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(program.Stdout, "%s: %s\n", c.File, describeBackup(&summary))
	return err
}

// describeBackup is what a backup holds, in words.
func describeBackup(s *backup.Summary) string {
	h := &s.Header
	return fmt.Sprintf("%s to commit %d and slot %d of store %s, %d rows, SHA-256 %x", h.Cluster, h.Seq, h.Slot, h.ID, s.Rows, s.Sum)
}

func (c *backupCommand) write(ctx context.Context, program *Program, line *ticker) (backup.Summary, error) {
	if c.URL != "" {
		return c.download(ctx, c.URL, c.Token, line, nil)
	}

	shared := common{Config: c.Config, DataDir: c.DataDir, Cluster: c.Cluster, ProgramID: c.ProgramID}
	options, err := shared.offline(program)
	if err != nil {
		return backup.Summary{}, err
	}

	summary, err := offline.Backup(ctx, options.Offline(), c.File, Version(), rowsTo(line))
	if !errors.Is(err, store.ErrLocked) {
		return summary, err
	}
	address, known := options.Dir().Address()
	if !known {
		return summary, fmt.Errorf("%w: a command has it open: wait for its end", err)
	}

	token := c.Token
	if token == "" {
		token = options.Config.Server.Token
	}
	return c.download(ctx, reachable(address), token, line, sameMarket(&options))
}

// sameMarket refuses a backup of another market than the one that was asked for: a server may be in the data directory for
// another one.
func sameMarket(options *backend.Options) func(*backup.Header) error {
	dir := options.Dir()
	return func(h *backup.Header) error {
		if h.Cluster != dir.Cluster || h.Program != dir.Program {
			return fmt.Errorf("the server there serves the market of %s, program %s, not that of %s, program %s: a command has that one open, wait for its end",
				h.Cluster, h.Program, dir.Cluster, dir.Program)
		}
		return nil
	}
}

// reachable is where a server is found that listens on an address: on all of a machine's, it is found on loopback.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}

// download gets the backup of a running server. fits, which may be nil, looks at what it is of.
func (c *backupCommand) download(ctx context.Context, server, token string, line *ticker, fits func(*backup.Header) error) (backup.Summary, error) {
	answer, err := ask(ctx, server, "/api/backup", token)
	if err != nil {
		return backup.Summary{}, err
	}
	defer func() { _ = answer.Body.Close() }()

	body := &counted{reader: answer.Body, line: line}
	summary, err := backup.File(ctx, c.File, func(w io.Writer) error {
		from := io.Reader(body)
		if fits != nil {
			header, head, err := backup.Peek(body)
			if err != nil {
				return err
			}
			if err := fits(&header); err != nil {
				return err
			}
			from = io.MultiReader(head, body)
		}

		if _, err := io.Copy(w, from); err != nil {
			return fmt.Errorf("download: %w", err)
		}
		return nil
	}, rowsTo(line))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return summary, fmt.Errorf("the server broke off after %d kB: its log says why; no file was written", body.bytes>>10)
	}
	return summary, err
}

func rowsTo(line *ticker) func(uint64) {
	return func(rows uint64) { line.show(fmt.Sprintf("%d rows", rows)) }
}

type restoreCommand struct {
	File    string `arg:"" help:"A backup, as spinscope backup writes it." type:"path"`
	DataDir string `help:"Data directory that is to have the market; without it and without SPINSCOPE_DATA_DIR, ~/.local/share/spinscope or the like of the system." placeholder:"DIR" type:"path"`
}

// Run makes the market of a backup.
func (c *restoreCommand) Run(ctx context.Context, program *Program) error {
	dir, err := program.dataDir(c.DataDir)
	if err != nil {
		return err
	}

	line := ticker{program: program}
	summary, where, err := offline.Restore(ctx, c.File, dir, newLogger(program, "warn", "text"), func(step backup.Step) {
		line.show(fmt.Sprintf("%s: %d rows", step.Doing, step.Rows))
	})
	line.end()
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w: nothing was restored", errUnfinished)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(program.Stdout, "%s: %s\n", where, describeBackup(&summary))
	return err
}
