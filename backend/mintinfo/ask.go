package mintinfo

import (
	"context"
	"errors"

	"spinscope/backend/journal"
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/token"
	"spinscope/backend/wake"
)

// The accounts that a name may be from, as the file has them.
const (
	fromMetaplex  = "metaplex"
	fromExtension = "token-2022"
)

// ask asks about the mints that are wanted until ctx ends, and writes down what it learns.
func (b *Accounts) ask(ctx context.Context, file *journal.Journal) {
	pause, limit := firstPause, atOnce
	for ctx.Err() == nil {
		mints := b.first(limit)
		if len(mints) == 0 {
			select {
			case <-ctx.Done():
			case <-b.wake:
			}
			continue
		}

		entries, err := b.read(ctx, mints)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			b.counts.failed.Add(1)
			b.log.DebugContext(ctx, "the accounts of mints were not read", "mints", len(mints), "err", err)
			limit = max(1, len(mints)/2) // there are endpoints that answer for a few only
			_ = wake.After(ctx, pause)   // the loop looks at ctx
			pause = min(2*pause, lastPause)
			continue
		}

		pause, limit = firstPause, min(atOnce, 2*limit)
		b.answered(mints, entries)
		if err := file.Append(linesOf(mints, entries)); err != nil {
			b.log.WarnContext(ctx, "what is learned of mints is not kept from now on", "err", err)
		}
		b.tell(mints, entries)
		_ = wake.After(ctx, b.options.Every) // the same
	}
}

// tell passes on the names.
func (b *Accounts) tell(mints []market.Pubkey, entries []entry) {
	for i, mint := range mints {
		if info := &entries[i].info; info.Named() && b.options.Learned != nil {
			b.options.Learned(mint, info.URI)
		}
	}
}

// read reads the accounts of mints: each one's own, and that of its name.
func (b *Accounts) read(ctx context.Context, mints []market.Pubkey) ([]entry, error) {
	addresses := make([]market.Pubkey, 0, 2*len(mints))
	for _, mint := range mints {
		at, err := token.MetadataAddress(b.options.Derive, mint)
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, mint, at)
	}

	accounts, err := b.options.Read(ctx, addresses...)
	if err != nil {
		return nil, err
	}

	entries, now := make([]entry, len(mints)), b.now().Unix()
	for i, mint := range mints {
		b.mu.RLock()
		before := b.known[mint]
		b.mu.RUnlock()
		entries[i] = b.learn(mint, before, &accounts[2*i], &accounts[2*i+1])
		entries[i].at = now
	}
	b.counts.asked.Add(uint64(len(mints)))

	return entries, nil
}

// learn is what the two accounts of a mint say. Where one says nothing, what was known before stays.
func (b *Accounts) learn(mint market.Pubkey, before entry, own, beside *program.Account) entry {
	now := before
	if kept, err := token.ReadMint(mint, own); err == nil {
		now.info.Supply, now.info.Decimals, now.info.Counted = kept.Supply, kept.Decimals, true
	}

	said, err := token.ReadExtension(mint, own)
	from := fromExtension
	if errors.Is(err, token.ErrNoMetadata) {
		said, err = token.ReadMetadata(mint, beside)
		from = fromMetaplex
	}

	switch {
	case err == nil:
		if !before.info.Named() {
			b.counts.named.Add(1)
		}
		now.info.Name, now.info.Symbol, now.info.URI, now.from = said.Name, said.Symbol, said.URI, from
	case !errors.Is(err, token.ErrNoMetadata):
		b.counts.refused.Add(1)
		b.log.Debug("an account of a mint is refused", "mint", mint.String(), "err", err)
	}

	return now
}
