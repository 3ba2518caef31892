package rest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"spinscope/backend/market"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

const (
	maxBack     = 20_000 // events of all mints that one request looks at
	maxTypes    = 64
	maxAccounts = 100
)

// errBack ends reading when so many were looked at, or found.
var errBack = errors.New("looked at enough")

func (a *API) eventRoutes() {
	add(a, get("/api/events", "events", "Events of a mint, or of all",
		fmt.Sprintf("Without mint: those of all mints, the newest first, in the order of the chain. A request looks at up to %d events, so that it may find fewer than limit, or none, and there are more all the same; next_cursor goes on from there, and is left out at the end alone. total is then that of all stored events.", maxBack),
		some(keyParam("mint", "Mint address; without it, all", false), choiceParam("order_by", "Of one mint; all have slot_desc", false, "slot_desc", "slot_asc")), pageParams(),
		some(listParam("types", "Names of event_type; only without mint", maxTypes, huma.Schema{Type: huma.TypeString}),
			listParam("accounts", "Events that belong to one of these addresses; only without mint", maxAccounts, huma.Schema{Type: huma.TypeString, Pattern: keyPattern}),
			amountParam("min_size", "Trades of at least so much of what each coin is paid in; other events are left out; only without mint"),
			&huma.Param{Name: "cursor", In: "query", Description: "next_cursor of the answer before; only without mint", Schema: &huma.Schema{Type: huma.TypeString}}),
	), a.events)
	add(a, get("/api/user_event", "events", "Events of a user", "Closes and liquidations belong to the order's owner, whoever triggered them.",
		some(keyParam("user", "User address", true), keyParam("mint", "Only events of this mint", false),
			choiceParam("order_by", "", false, "slot_desc", "slot_asc")), pageParams()), a.userEvents)
}

func (a *API) events(ctx context.Context, q *query) (*wire.Events, error) {
	mint := q.maybeKey("mint")
	page, limit, at := q.page("slot_desc", "slot_asc")
	choice := a.eventChoice(q)
	before := q.place("cursor")
	switch {
	case mint != nil:
		q.only("mint is left out", "types", "accounts", "min_size", "cursor")
	case at.OldestFirst:
		q.refuse("order_by", "events of all mints are the newest first: slot_desc, or give a mint")
	case page > 1:
		q.refuse("page", "events of all mints go on from next_cursor, by cursor, or give a mint")
	}
	if q.err != nil {
		return nil, q.err
	}
	if mint == nil {
		return a.allEvents(ctx, &choice, before, limit)
	}

	found, err := a.deps.Reader.Events(ctx, *mint, at)
	if err != nil {
		return nil, err
	}
	return &wire.Events{Events: wireEvents(found.Events), Paging: wire.NewPaging(found.Total, page, limit)}, nil
}

// only refuses parameters that belong to another kind of request.
func (q *query) only(when string, names ...string) {
	for _, name := range names {
		if _, there := q.values[name]; there {
			q.refuse(name, "it goes where %s", when)
		}
	}
}

// allEvents are the newest events of all mints before a place, of those that are chosen. It looks at maxBack at most.
func (a *API) allEvents(ctx context.Context, choice *eventChoice, before market.Position, limit int) (*wire.Events, error) {
	stored := a.deps.Reader.Stats().Total
	answer := &wire.Events{Events: []wire.Event{}, Paging: wire.Paging{
		Total: int(min(stored, math.MaxInt)), Page: 1, Limit: limit, HasPrev: before != market.Position{}, //nolint:gosec // bounded
	}, Store: a.deps.Reader.ID()}

	looked, place := 0, before
	seq, err := a.deps.Reader.EventsBack(ctx, before, func(e *market.Event) error {
		if looked == maxBack || len(answer.Events) == limit {
			return errBack
		}
		looked++
		place, answer.Reached = e.Position, new(e.BlockTime)
		if choice.takes(e) {
			answer.Events = append(answer.Events, wire.NewEvent(e))
		}
		return nil
	})

	switch {
	case errors.Is(err, errBack):
		answer.NextCursor = new(cursorAt(place))
	case err != nil:
		return nil, fmt.Errorf("read events: %w", err)
	}
	answer.HasNext, answer.Seq = answer.NextCursor != nil, new(uint64(seq))
	return answer, nil
}

// eventChoice says which events of all mints are wanted: those that pass all that it names.
type eventChoice struct {
	types    []string
	accounts []market.Pubkey
	least    uint64 // of what a coin is paid in, 10^-AmountDecimals whole units; 0: also what is no trade
	pair     func(market.Pubkey) market.Pair
}

func (a *API) eventChoice(q *query) eventChoice {
	return eventChoice{
		q.eventTypes("types"), q.keys("accounts", maxAccounts), q.amount("min_size", market.AmountDecimals, 0), a.deps.Reader.Pair,
	}
}

func (c *eventChoice) takes(e *market.Event) bool {
	if len(c.types) > 0 && !slices.Contains(c.types, e.Kind().String()) {
		return false
	}
	if len(c.accounts) > 0 && !slices.Contains(c.accounts, e.Owner) {
		return false
	}
	if c.least == 0 {
		return true
	}
	trade, ok := e.Trade()
	return ok && trade.Quote >= market.Units(c.least, market.AmountDecimals, c.pair(e.Mint()).QuoteDecimals())
}

// eventTypes are names of kinds of events, of whichever program.
func (q *query) eventTypes(name string) []string {
	values := q.values[name]
	if len(values) > maxTypes {
		q.refuse(name, "given %d times, at most %d are taken", len(values), maxTypes)
		return nil
	}
	for _, value := range values {
		if !isEventType(value) {
			q.refuse(name, "unknown event_type %.40q", value)
		}
	}
	return values
}

func isEventType(name string) bool {
	for id := range 1 << 8 {
		if _, ok := market.ParseKind(market.Program(id), name); ok {
			return true
		}
	}
	return false
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
