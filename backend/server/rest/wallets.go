package rest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"spinscope/backend/liquidation"
	"spinscope/backend/market"
	"spinscope/backend/position"
	"spinscope/backend/program"
	"spinscope/backend/program/registry"
	"spinscope/backend/wire"
)

// maxFolded is how many events, the newest, one request folds into positions.
const maxFolded = 100_000

// maxFolds is how many requests fold events at a time; others wait.
const maxFolds = 2

const byTradesSeen = "By the trades that were seen: what was sent from one account to another is in no event. Amounts are exact, in base units. "

// walletOrders are those of a wallet's positions; without one it is the first.
var walletOrders = []string{"last_desc", "realised_desc", "volume_desc"}

func (a *API) walletRoutes() {
	add(a, get("/api/wallets/{address}", "wallets", "Positions of a wallet",
		byTradesSeen+fmt.Sprintf("The %d newest events of the wallet are looked at. Orders by realised_desc and volume_desc list coins that are paid in the same thing together.", maxFolded),
		some(pathKey("address", "The wallet's address"), keyParam("mint", "Only the position in this coin", false),
			choiceParam("order_by", "", false, walletOrders...)), pageParams()), a.wallet)
	add(a, get("/api/mints/{mint}/traders", "wallets", "Who traded a coin, and what became of it",
		byTradesSeen+fmt.Sprintf("The %d newest events of the coin are looked at.", maxFolded),
		some(pathKey("mint", "Mint address"), choiceParam("order_by", "", false, tradersOrderNames...)), pageParams()), a.traders)
}

// holding is a wallet's position in a coin, with what is known of the coin.
type holding struct {
	mint  market.Pubkey
	token market.Token // as far as it is known
	position.Position
}

func (a *API) wallet(ctx context.Context, q *query) (*wire.Wallet, error) {
	address, mint := q.inPath("address"), q.maybeKey("mint")
	order := q.choice("order_by", walletOrders...)
	page, limit := q.paging()
	if q.err != nil {
		return nil, q.err
	}
	if err := a.enterFold(ctx); err != nil {
		return nil, err
	}
	defer a.leaveFold()

	byMint := map[market.Pubkey]*holding{}
	history, err := a.deps.Reader.UserHistory(ctx, address, mint, maxFolded, func(e *market.Event) error {
		one := byMint[e.Mint()]
		if one == nil {
			one = &holding{mint: e.Mint()}
			byMint[one.mint] = one
		}
		one.Fold(e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read events of wallet %s: %w", address, err)
	}

	list, err := a.holdings(ctx, byMint)
	if err != nil {
		return nil, err
	}
	sortHoldings(list, order)

	answer := &wire.Wallet{
		Address: address.String(), Positions: []wire.WalletPosition{}, Paging: wire.NewPaging(len(list), page, limit), Totals: walletTotals(list),
		Events: history.Seen, Older: history.More, Seq: uint64(history.Seq), Store: a.deps.Reader.ID(),
	}
	gaps, err := a.lasting(ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range onPage(list, page, limit) {
		answer.Positions = append(answer.Positions, a.walletPosition(address, one, history.More, gaps))
	}

	return answer, nil
}

// onPage is the page of a whole list.
func onPage[T any](list []T, page, limit int) []T {
	offset := min(wire.Offset(page, limit), len(list))
	return list[offset:min(offset+limit, len(list))]
}

// enterFold waits for one of maxFolds places.
func (a *API) enterFold(ctx context.Context) error {
	select {
	case a.folds <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (a *API) leaveFold() { <-a.folds }

// holdings adds to positions what is known of their coins.
func (a *API) holdings(ctx context.Context, byMint map[market.Pubkey]*holding) ([]*holding, error) {
	list, mints := make([]*holding, 0, len(byMint)), make([]market.Pubkey, 0, len(byMint))
	for mint, one := range byMint {
		list, mints = append(list, one), append(mints, mint)
	}
	if len(mints) == 0 {
		return list, nil
	}

	tokens, err := a.deps.Reader.Tokens(ctx, mints)
	if err != nil {
		return nil, fmt.Errorf("read coins of a wallet: %w", err)
	}
	for i := range tokens {
		if one := byMint[tokens[i].Mint]; one != nil {
			one.token = tokens[i]
		}
	}
	return list, nil
}

// sortHoldings sorts by an order. Amounts are only compared where coins are paid in the same thing.
func sortHoldings(list []*holding, order string) {
	slices.SortFunc(list, func(a, b *holding) int {
		byMint := bytes.Compare(a.mint[:], b.mint[:])
		switch quotes := a.token.Pair.CompareQuotes(b.token.Pair); order {
		case "realised_desc":
			return cmp.Or(quotes, b.Realised().Compare(a.Realised()), byMint)
		case "volume_desc":
			return cmp.Or(quotes, b.Volume.Cmp(a.Volume), byMint)
		default:
			return cmp.Or(cmp.Compare(b.Last, a.Last), byMint)
		}
	})
}

func (a *API) walletPosition(address market.Pubkey, one *holding, older bool, gaps []market.Gap) wire.WalletPosition {
	token := &one.token
	creator, _ := creatorOf(token)
	out := wire.WalletPosition{
		MintAccount: one.mint.String(), Pair: wire.NewPair(token.Pair), Decimals: uint8(token.Pair.BaseDecimals()), //nolint:gosec // market.MaxDecimals at most
		Creator:    one.Creates || creator == address,
		Holding:    wire.NewHolding(&one.Position, token.Pair, token.LatestPrice, openWorth(&one.Position, token)),
		Incomplete: a.incomplete(one.mint, token, older, gaps),
	}
	out.Price, out.PriceExact = lastPrice(token)
	if token.Created != nil {
		name, symbol, _ := token.Created.Names()
		out.Name, out.Symbol = &name, &symbol
	} else if info := mintInfo(a.deps.Mints, one.mint); info.Named() {
		out.Name, out.Symbol = &info.Name, &info.Symbol
	}
	return out
}

// walletTotals adds up positions, for each thing that coins are paid in.
func walletTotals(list []*holding) []wire.WalletTotal {
	type sum struct {
		pair                      market.Pair
		positions, orders         int
		value, cost, volume, fees market.U128
		unknown                   uint64
		margin                    market.U128
		unrealised, realised      position.Balance
	}
	var sums []*sum
	for _, one := range list {
		pair := one.token.Pair
		i := slices.IndexFunc(sums, func(s *sum) bool { return s.pair.CompareQuotes(pair) == 0 })
		if i < 0 {
			i, sums = len(sums), append(sums, &sum{pair: pair})
		}

		s := sums[i]
		s.positions++
		s.cost, s.volume, s.fees = s.cost.Add(one.Cost), s.volume.Add(one.Volume), s.fees.Add(one.Fees)
		s.unknown += one.Unknown
		s.realised = s.realised.Add(one.Realised())
		if price := one.token.LatestPrice; !price.IsZero() {
			unrealised := one.Unrealised(price, pair)
			s.value, s.unrealised = s.value.Add(unrealised.Plus), s.unrealised.Add(unrealised)
		}
		for _, order := range one.Margin.Open() {
			s.orders++
			s.margin = s.margin.Add(market.U64(order.Terms.MarginSolAmount))
		}
	}

	slices.SortFunc(sums, func(a, b *sum) int { return a.pair.CompareQuotes(b.pair) })
	totals := make([]wire.WalletTotal, len(sums))
	for i, s := range sums {
		totals[i] = wire.WalletTotal{
			QuoteMint: s.pair.Quote().String(), QuoteSymbol: s.pair.QuoteSymbol(), QuoteDecimals: uint8(s.pair.QuoteDecimals()), //nolint:gosec // market.MaxDecimals at most
			Positions: s.positions, ValueAmount: wire.Sum(s.value), CostAmount: wire.Sum(s.cost),
			Unrealised: wire.Balance(s.unrealised), Realised: wire.Balance(s.realised), VolumeAmount: wire.Sum(s.volume),
			FeeAmount: wire.Sum(s.fees), FeesUnknown: s.unknown, OpenOrders: s.orders, OpenMargin: wire.Sum(s.margin),
		}
	}
	return totals
}

// openWorth is what closing the open orders of a position now would win or lose; nil when there are none, or it is not known
// of one of them.
func openWorth(p *position.Position, token *market.Token) *position.Balance {
	orders := p.Margin.Open()
	curve, curved := registry.Of(token.Pair.Program()).(program.Curved)
	if len(orders) == 0 || !curved {
		return nil
	}

	var sum position.Balance
	for i := range orders {
		worth := liquidation.Value(curve, token.LatestPrice, token.SwapFee, &orders[i], token.Pair)
		if !worth.Known {
			return nil
		}
		sum = sum.Add(position.Balance{Plus: market.U64(worth.Close), Minus: market.U64(orders[i].Terms.MarginSolAmount)})
	}
	return &sum
}

// lastPrice is a coin's last price on the wire; nil before the first.
func lastPrice(token *market.Token) (price *float64, exact *string) {
	if token.LatestPrice.IsZero() {
		return nil, nil
	}
	return new(token.LatestPrice.Float()), new(token.LatestPrice.String())
}

// creatorOf is the account that created a coin; false while its creation is not stored.
func creatorOf(token *market.Token) (creator market.Pubkey, known bool) {
	if token.Created == nil {
		return creator, false
	}
	format := registry.Of(token.Created.Kind().Program())
	if format == nil {
		return creator, false
	}
	return format.Owner(token.Created), true
}

// lasting are the gaps that may hold what is not stored, each with the coin that it is of where that is known.
func (a *API) lasting(ctx context.Context) ([]market.Gap, error) {
	gaps, err := a.deps.Reader.Gaps(ctx, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("read gaps: %w", err)
	}
	gaps = slices.DeleteFunc(gaps, func(gap market.Gap) bool { return gap.State == market.GapFilled })
	for i := range gaps {
		a.nameGap(&gaps[i])
	}
	return gaps, nil
}

// incomplete is why what is told of a coin's trades may lack some, in the order of the wire's list.
func (a *API) incomplete(mint market.Pubkey, token *market.Token, older bool, gaps []market.Gap) []string {
	reasons := []string{}
	if older {
		reasons = append(reasons, wire.IncompleteOlder)
	}
	// What lies before a coin's creation can hold nothing of it.
	missing := func(gap market.Gap) bool {
		return a.concerns(mint, &gap) && (token.Created == nil || gap.To >= token.CreatedPosition.Slot)
	}
	if slices.ContainsFunc(gaps, missing) {
		reasons = append(reasons, wire.IncompleteGaps)
	}
	if token.Created == nil {
		reasons = append(reasons, wire.IncompleteHistory)
	}
	return reasons
}
