package cluster

import (
	"fmt"
	"slices"

	"spinscope/backend/program/registry"
	"spinscope/backend/solana"
	"spinscope/backend/wire"
)

// whole says from where the programs are followed of which all coins are kept: live, with a gap since the last time.
func (s *Source) whole() (list []solana.Following, err error) {
	for _, id := range s.options.Whole {
		address := registry.Address(id)
		reached, _, err := s.options.Store.ReachedBy(address)
		if err != nil {
			return nil, fmt.Errorf("how far %s has come: %w", id, err)
		}
		list = append(list, solana.Following{Address: address, From: reached.Checkpoint, SelfCalls: true, Live: true})
	}
	return list, nil
}

// programs tells how those programs do, by what is known of addresses, and which ones are off.
func (s *Source) programs(addresses []solana.AddressStatus) (list []wire.FollowedProgram) {
	for _, id := range s.options.Whole {
		one := wire.FollowedProgram{Program: id.String(), State: "waiting"}
		at := registry.Address(id)
		if i := slices.IndexFunc(addresses, func(a solana.AddressStatus) bool { return a.Address == at }); i >= 0 {
			now := &addresses[i]
			one.Slot, one.Message = uint64(now.Delivered), s.options.Veil(now.LastError)
			switch now.State {
			case solana.Connected:
				one.State = "live"
			case solana.Refused:
				one.State = "refused"
			}
		}
		list = append(list, one)
	}

	for _, id := range s.options.Off {
		list = append(list, wire.FollowedProgram{Program: id.String(), State: "off"})
	}
	return list
}
