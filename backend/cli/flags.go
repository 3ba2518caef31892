package cli

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"spinscope/backend"
	"spinscope/backend/config"
	"spinscope/backend/logtail"
)

// common are the flags of the app and of serve. An empty value leaves what environment, file and defaults say.
type common struct {
	Config     string  `help:"Configuration file (TOML); without it, ~/.config/spinscope/config.toml or the like of the system, if there is one." placeholder:"FILE" type:"path"`
	DataDir    string  `help:"Where the market is stored; without it and without SPINSCOPE_DATA_DIR, ~/.local/share/spinscope or the like of the system." placeholder:"DIR" type:"path"`
	Listen     *string `help:"Address to serve on, 127.0.0.1:5051 without it; port 0 takes any free one, and server.addr in the data directory tells which." placeholder:"HOST:PORT"`
	Cluster    *string `help:"demo (simulated, without it), localnet, devnet, mainnet or custom." placeholder:"NAME"`
	RPCURL     *string `name:"rpc-url" help:"RPC address of a custom cluster. Other users of the machine see it here; the configuration file keeps a key in it to itself." placeholder:"URL"`
	WSURL      *string `name:"ws-url" help:"PubSub address of a custom cluster." placeholder:"URL"`
	ProgramID  *string `help:"SpinPet program to read." placeholder:"ADDRESS"`
	Commitment *string `help:"processed, confirmed or finalized." placeholder:"LEVEL"`
	LogLevel   *string `help:"debug, info, warn or error." placeholder:"LEVEL"`
	LogFormat  *string `help:"text or json." placeholder:"FORMAT"`
}

// unreachable takes the place of a custom cluster's address in commands that do not ask the cluster.
const unreachable = "http://127.0.0.1:1"

// offline is options for a command that reads or writes a store only: a custom cluster needs no address.
func (c *common) offline(program *Program) (backend.Options, error) {
	return c.load(program, unreachable)
}

// options loads the configuration, lays the flags over it and checks it.
func (c *common) options(program *Program) (backend.Options, error) { return c.load(program, "") }

func (c *common) load(program *Program, address string) (backend.Options, error) {
	cfg, origin, err := config.Load(c.Config, program.Env)
	if err != nil {
		return backend.Options{}, err
	}

	for _, flag := range []struct {
		name, key string
		value     *string
		target    *string
	}{
		{"--listen", "server.listen", c.Listen, &cfg.Server.Listen},
		{"--cluster", "solana.cluster", c.Cluster, &cfg.Solana.Cluster},
		{"--rpc-url", "solana.rpc_url", c.RPCURL, &cfg.Solana.RPCURL},
		{"--ws-url", "solana.ws_url", c.WSURL, &cfg.Solana.WSURL},
		{"--program-id", "solana.program_id", c.ProgramID, &cfg.Solana.ProgramID},
		{"--commitment", "solana.commitment", c.Commitment, &cfg.Solana.Commitment},
		{"--log-level", "logging.level", c.LogLevel, &cfg.Logging.Level},
		{"--log-format", "logging.format", c.LogFormat, &cfg.Logging.Format},
	} {
		if flag.value != nil {
			*flag.target = *flag.value
			origin.Fixed[flag.key] = flag.name
		}
	}

	if c.RPCURL != nil && c.Cluster == nil {
		cfg.Solana.Cluster = "custom"
		origin.Fixed["solana.cluster"] = "--rpc-url"
	}
	if cfg.Solana.Cluster == "custom" && cfg.Solana.RPCURL == "" {
		cfg.Solana.RPCURL = address
	}

	if err := cfg.Validate(); err != nil {
		return backend.Options{}, origin.Locate(err)
	}
	dir, err := program.dataDir(c.DataDir)
	if err != nil {
		return backend.Options{}, err
	}

	home, _ := os.UserHomeDir() // "" is no place
	tail := logtail.New(logtail.Place{Path: dir, Name: "DATA_DIR"}, logtail.Place{Path: home, Name: "~"})
	logger := newLogger(program, cfg.Logging.Level, cfg.Logging.Format)
	for _, name := range origin.Strange {
		logger.Warn("environment variable is no setting and was not used", "name", name)
	}

	return backend.Options{
		Config: cfg, Origin: origin, DataDir: dir, Assets: program.Assets, Version: Version(),
		Logger: slog.New(tail.Handler(logger.Handler())), Tail: tail,
	}, nil
}

// variable is the value of an environment variable, the last one given; empty when there is none.
func (p *Program) variable(name string) (value string) {
	for _, entry := range p.Env {
		if text, ok := strings.CutPrefix(entry, name+"="); ok {
			value = text
		}
	}
	return value
}

func newLogger(program *Program, level, format string) *slog.Logger {
	var least slog.Level
	_ = least.UnmarshalText([]byte(level)) // validated before
	options := &slog.HandlerOptions{Level: least}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(program.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(program.Stderr, options))
}

// dataDir is the data directory that a command means: that of its flag, of the environment, or where a user's data is kept.
func (p *Program) dataDir(flag string) (string, error) {
	if dir := cmp.Or(flag, p.variable(config.DataDirVariable)); dir != "" {
		return dir, nil
	}
	dir, err := defaultDataDir()
	if err != nil {
		return "", fmt.Errorf("%w: no place for the data: %w: give --data-dir", config.ErrConfig, err)
	}
	return dir, nil
}

// defaultDataDir is where programs of this kind keep a user's data on each system.
func defaultDataDir() (string, error) {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) && runtime.GOOS == "linux" {
		return filepath.Join(dir, "spinscope"), nil
	}
	if runtime.GOOS == "linux" {
		home, err := os.UserHomeDir()
		return filepath.Join(home, ".local", "share", "spinscope"), err
	}
	dir, err := os.UserConfigDir() // %AppData%, ~/Library/Application Support
	return filepath.Join(dir, "spinscope"), err
}
