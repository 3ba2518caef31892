package watch

import "spinscope/backend/wire"

// Wire is the list as answers have it, without names and gaps.
func (s *Service) Wire() []wire.WatchedCoin {
	list := []wire.WatchedCoin{}
	for _, c := range s.List() {
		coin := wire.WatchedCoin{
			Mint: c.Mint.String(), State: string(c.State), OnDemand: c.OnDemand, Done: c.Done, Total: c.Total, Message: c.Message, Holes: []wire.Gap{},
		}
		if !c.Coin.Mint.IsZero() {
			coin.Program = c.Coin.Program.String()
			coin.Addresses = wire.WatchedAddresses{Curve: c.Coin.Curve.String(), Pool: c.Coin.Pool.String()}
		}
		list = append(list, coin)
	}
	return list
}
