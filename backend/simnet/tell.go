package simnet

import (
	"strconv"

	"spinscope/backend/market"
)

// slotNews is a new slot, if there is one.
type slotNews struct {
	slot, parent, root market.Slot
	fresh              bool
}

// tell notifies every subscription of the newest slot and of the blocks that reached its commitment.
func (n *Net) tell(slot slotNews, news [3][]*transaction) {
	list := n.sockets.all()
	if len(list) == 0 {
		return
	}

	texts := map[*transaction][]byte{} // one rendering for all subscriptions
	for _, s := range list {
		if n.chaos.strikes("disconnect", func(f *Faults) float64 { return f.Disconnect }) {
			s.cut()
			continue
		}

		s.mu.Lock()
		if !s.silent && n.chaos.strikes("silent", func(f *Faults) float64 { return f.Silent }) {
			s.silent = true
		}
		if !s.silent {
			for _, sub := range s.subs {
				if !sub.slots {
					n.tellLogs(s, sub, news[sub.level], texts)
				} else if slot.fresh {
					s.send(slotNotification(slot, sub.id))
				}
			}
		}

		s.mu.Unlock()
	}
}

func (n *Net) tellLogs(s *socket, sub *subscription, news []*transaction, texts map[*transaction][]byte) {
	late, sent := sub.late, false
	sub.late = nil
	for _, tx := range news {
		if !sub.all && !n.mentions(tx, sub.mentions) {
			continue
		}
		if n.chaos.strikes("drop", func(f *Faults) float64 { return f.Drop }) {
			continue
		}

		text, ok := texts[tx]
		if !ok {
			text = n.logsNotification(tx)
			texts[tx] = text
		}

		message := strconv.AppendUint(append(make([]byte, 0, len(text)+24), text...), sub.id, 10)
		message = append(message, "}}"...)
		if n.chaos.strikes("reorder", func(f *Faults) float64 { return f.Reorder }) {
			sub.late = append(sub.late, message)
			continue
		}

		sent = true
		s.send(message)
		if n.chaos.strikes("duplicate", func(f *Faults) float64 { return f.Duplicate }) {
			s.send(message)
		}
	}

	const patience = 5 // slots
	if sub.held++; len(late) > 0 && !sent && sub.held < patience {
		sub.late = append(late, sub.late...) // wait for something to come after
		return
	}

	sub.held = 0
	for _, message := range late {
		s.send(message)
	}
}
