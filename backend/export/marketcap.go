package export

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// capColumn is the last one of files with market caps.
var capColumn = column{"market_cap", float, 0}

// supplies are those of an export's coins as it began: all of its rows count by the same.
type supplies struct {
	of  map[market.Pubkey]coinSupply // known ones
	sum wire.ExportSupplies
}

type coinSupply struct {
	units uint64
	pair  market.Pair
}

// Prepare reads the supplies that a request with market caps is answered by, and returns what is to be said of them; nil for
// one without. What is prepared is written with these supplies; Write prepares what is not.
func (r *Request) Prepare(ctx context.Context, source Source) (*wire.ExportSupplies, error) {
	switch {
	case !r.MarketCap:
		return nil, nil //nolint:nilnil // nothing is to be said
	case r.supplies != nil:
		return &r.supplies.sum, nil
	}

	read := &supplies{of: map[market.Pubkey]coinSupply{}}
	mints := slices.Clone(mintsOf(source, r))
	slices.SortFunc(mints, func(a, b market.Pubkey) int { return bytes.Compare(a[:], b[:]) })
	mints = slices.Compact(mints)
	for some := range slices.Chunk(mints, chunk) {
		list, err := source.Supplies(ctx, some)
		if err != nil {
			return nil, fmt.Errorf("supplies for market caps: %w", err)
		}
		for i := range list {
			read.add(&list[i], source.Pair(list[i].Mint))
		}
	}

	read.sum.Unknown = len(mints) - len(read.of)
	r.supplies = read
	return &read.sum, nil
}

func (s *supplies) add(one *market.Supply, pair market.Pair) {
	switch one.Source {
	case market.SupplyUnknown:
		return
	case market.SupplyOfCreation:
		s.sum.Creations++
	case market.SupplyOfAccount:
		if s.sum.Accounts == 0 || one.At < s.sum.ReadFrom {
			s.sum.ReadFrom = one.At
		}
		s.sum.Accounts, s.sum.ReadTo = s.sum.Accounts+1, max(s.sum.ReadTo, one.At)
	}
	s.of[one.Mint] = coinSupply{one.Units, pair}
}

// putCap fills the last column with what a coin is worth at a price; nothing where the price is none, or the supply is not known.
func (s *supplies) putCap(r *record, mint market.Pubkey, price market.Price) {
	if s == nil || price.IsZero() {
		return
	}
	if coin, known := s.of[mint]; known {
		r.float(len(r.columns)-1, market.CapFloat(market.Cap(price, coin.units, coin.pair)))
	}
}
