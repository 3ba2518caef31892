package rest

import (
	"context"

	"spinscope/backend/market"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

func (a *API) eventRoutes() {
	add(a, get("/api/events", "events", "Events of a mint", "",
		some(keyParam("mint", "Mint address", true), choiceParam("order_by", "", false, "slot_desc", "slot_asc")), pageParams()), a.events)
	add(a, get("/api/user_event", "events", "Events of a user", "Closes and liquidations belong to the order's owner, whoever triggered them.",
		some(keyParam("user", "User address", true), keyParam("mint", "Only events of this mint", false),
			choiceParam("order_by", "", false, "slot_desc", "slot_asc")), pageParams()), a.userEvents)
}

func (a *API) events(ctx context.Context, q *query) (*wire.Events, error) {
	mint := q.key("mint")
	page, limit, at := q.page("slot_desc", "slot_asc")
	if q.err != nil {
		return nil, q.err
	}
	found, err := a.deps.Reader.Events(ctx, mint, at)
	if err != nil {
		return nil, err
	}
	return &wire.Events{Events: wireEvents(found.Events), Paging: wire.NewPaging(found.Total, page, limit)}, nil
}

func (a *API) userEvents(ctx context.Context, q *query) (*wire.UserEvents, error) {
	user, mint := q.key("user"), q.maybeKey("mint")
	page, limit, at := q.page("slot_desc", "slot_asc")
	if q.err != nil {
		return nil, q.err
	}

	found, err := a.deps.Reader.UserEvents(ctx, user, mint, at)
	if err != nil {
		return nil, err
	}

	answer := &wire.UserEvents{
		Transactions: make([]wire.UserTransaction, 0, len(found.Events)),
		Paging:       wire.NewPaging(found.Total, page, limit),
		User:         user.String(),
		MintAccount:  keyText(mint),
	}
	for i := range found.Events {
		e := &found.Events[i]
		answer.Transactions = append(answer.Transactions, wire.UserTransaction{
			EventType:   e.Kind().String(),
			User:        user.String(),
			MintAccount: e.Mint().String(),
			Slot:        uint64(e.Slot),
			Timestamp:   e.BlockTime,
			Signature:   e.Signature.String(),
			EventData:   wire.NewEvent(e),
		})
	}

	return answer, nil
}

// page is paging with the part of the list it stands for; of the two orders the first is the default, newest first.
func (q *query) page(newest, oldest string) (page, limit int, at store.Page) {
	order := q.choice("order_by", newest, oldest)
	page, limit = q.paging()
	return page, limit, store.Page{Offset: wire.Offset(page, limit), Limit: limit, OldestFirst: order == oldest}
}

func wireEvents(events []market.Event) []wire.Event {
	out := make([]wire.Event, len(events))
	for i := range events {
		out[i] = wire.NewEvent(&events[i])
	}
	return out
}

func keyText(key *market.Pubkey) *string {
	if key == nil {
		return nil
	}
	return new(key.String())
}
