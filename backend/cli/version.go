package cli

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"spinscope/backend/config"
	"spinscope/backend/release"
)

// version and commit are set by the linker in released builds.
var (
	version = "0.1.0-dev"
	commit  = ""
)

// Version is version, commit and Go version in one line.
func Version() string {
	from := commit
	if info, ok := debug.ReadBuildInfo(); ok && from == "" {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				from = setting.Value
			}
		}
	}
	if from == "" {
		from = "unknown"
	}
	return fmt.Sprintf("%s (commit %s, %s %s/%s)", version, from, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

type versionCommand struct {
	Check  bool   `help:"Ask the address of updates.url whether a newer version was published."`
	Config string `help:"Configuration file (TOML), with --check." placeholder:"FILE" type:"path"`
}

// Run prints the version, and what is said of newer ones if that was asked.
func (c *versionCommand) Run(ctx context.Context, program *Program) error {
	if _, err := fmt.Fprintln(program.Stdout, "spinscope", Version()); err != nil || !c.Check {
		return err
	}

	cfg, origin, err := config.Load(c.Config, program.Env)
	if err != nil {
		return err
	}
	if err := cfg.Validate(); err != nil {
		return origin.Locate(err)
	}
	if cfg.Updates.URL == "" {
		return fmt.Errorf("%w: nobody is asked: set updates.url in the configuration", config.ErrConfig)
	}

	updates, err := release.New(release.Options{
		URL: cfg.Updates.URL, Key: cfg.Updates.PublicKey, Version: version, Logger: newLogger(program, cfg.Logging.Level, cfg.Logging.Format),
	})
	if err != nil {
		return err
	}
	offered, err := updates.Ask(ctx)
	if err != nil {
		return err
	}

	_, err = fmt.Fprintln(program.Stdout, updates.Say(offered))
	return err
}
