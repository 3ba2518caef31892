package cluster

import (
	"fmt"

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

// programs tells how those programs do, by what a feed knows of their addresses, and which ones are off. There may be no feed yet.
// It is asked with every batch, when thousands of other addresses may be followed.
func (s *Source) programs(feed *solana.Feed) (list []wire.FollowedProgram) {
	for _, id := range s.options.Whole {
		one := wire.FollowedProgram{Program: id.String(), State: "waiting"}
		now, followed := solana.AddressStatus{}, false
		if feed != nil {
			now, followed = feed.Address(registry.Address(id))
		}
		if followed {
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
