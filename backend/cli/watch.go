package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"spinscope/backend/watch"
)

type watchCommand struct {
	List   watchListCommand   `cmd:"" help:"Show the watched coins."`
	Add    watchAddCommand    `cmd:"" help:"Watch coins of pump: the whole series of each, from its curve to its pool."`
	Remove watchRemoveCommand `cmd:"" help:"Watch coins no more. What is stored of them stays."`
}

// watchPlace says where the list is.
type watchPlace struct {
	DataDir string `help:"Data directory whose watch.json is meant." placeholder:"DIR" type:"path"`
}

func (p *watchPlace) file(program *Program) (watch.File, error) {
	dir, err := program.dataDir(p.DataDir)
	return watch.At(dir), err
}

type watchListCommand struct {
	watchPlace
	JSON bool `name:"json" help:"One JSON object a line, as in the file."`
}

// Run prints the list.
func (c *watchListCommand) Run(program *Program) error {
	file, err := c.file(program)
	if err != nil {
		return err
	}

	list, err := file.Read()
	if err != nil {
		return err
	}

	if c.JSON {
		for i := range list {
			text, err := json.Marshal(list[i])
			if err != nil {
				return fmt.Errorf("write coin: %w", err)
			}
			_, _ = fmt.Fprintf(program.Stdout, "%s\n", text)
		}
		return nil
	}

	if len(list) == 0 {
		_, err = fmt.Fprintf(program.Stdout, "no coins in %s; add one with spinscope watch add MINT\n", file.Path())
		return err
	}

	table := tabwriter.NewWriter(program.Stdout, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "MINT\tSINCE")
	for i := range list {
		_, _ = fmt.Fprintf(table, "%s\t%s\n", list[i].Mint, time.UnixMilli(list[i].AddedAt).UTC().Format(time.DateTime))
	}

	return table.Flush()
}

type watchAddCommand struct {
	watchPlace
	Mints []string `arg:"" name:"mint" help:"The coin's mint, or a link that holds it."`
}

// Run adds the coins and prints their mints.
func (c *watchAddCommand) Run(program *Program) error {
	file, err := c.file(program)
	if err != nil {
		return err
	}
	for _, text := range c.Mints {
		mint, err := watch.ParseMint(text)
		if err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
		if err := file.Add(mint, time.Now()); err != nil && !errors.Is(err, watch.ErrListed) { // it is as it was asked for
			return err
		}
		_, _ = fmt.Fprintln(program.Stdout, mint)
	}
	return nil
}

type watchRemoveCommand struct {
	watchPlace
	Mints []string `arg:"" name:"mint" help:"The coin's mint, as spinscope watch list shows it."`
}

// Run takes the coins off the list.
func (c *watchRemoveCommand) Run(program *Program) error {
	file, err := c.file(program)
	if err != nil {
		return err
	}

	for _, text := range c.Mints {
		mint, err := watch.ParseMint(text)
		if err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
		err = file.Remove(mint)
		if errors.Is(err, watch.ErrNotListed) {
			return fmt.Errorf("%w: %w: spinscope watch list shows them; coins of watch.mints in the configuration are removed there", errUsage, err)
		}
		if err != nil {
			return err
		}
	}

	return nil
}
