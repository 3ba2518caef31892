//go:build desktop

package app

import (
	"errors"
	"fmt"
	"time"

	"spinscope/backend/watch"
)

// WatchCoin puts the coin that a text names, its mint or a link that holds it, on the list of watched coins and returns its
// mint; one that is listed stays so. A server that runs takes the list in within a second. The error is for the person.
func (a *App) WatchCoin(text string) (string, error) {
	if a.first != nil {
		var mint string
		err := a.first.call("WatchCoin", text, &mint)
		return mint, err
	}

	mint, err := watch.ParseMint(text)
	if err != nil {
		return "", err
	}
	if err := a.watchList().Add(mint, time.Now()); err != nil && !errors.Is(err, watch.ErrListed) {
		return "", err
	}
	return mint.String(), nil
}

// UnwatchCoin takes a coin off the list; what is stored of it stays.
func (a *App) UnwatchCoin(text string) error {
	if a.first != nil {
		return a.first.call("UnwatchCoin", text, nil)
	}

	mint, err := watch.ParseMint(text)
	if err != nil {
		return err
	}
	err = a.watchList().Remove(mint)
	if errors.Is(err, watch.ErrNotListed) {
		return fmt.Errorf("%w: it is in watch.mints of the configuration file, and is removed there", err)
	}
	return err
}

// watchList is the list of the data directory that is served, or would be.
func (a *App) watchList() watch.File { return watch.At(a.server.settings().DataDir) }
