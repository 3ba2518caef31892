package rest

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"strings"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program/registry"
	"spinscope/backend/wire"
)

func (a *API) statusRoutes() {
	add(a, get("/api/time", "status", "The server's clock", "For display only: candles follow the chain's clock."), a.clock)
	add(a, get("/api/events/status", "status", "How reading the chain goes", ""), a.status)
	add(a, get("/api/events/stats", "status", "Stored events by kind", "Failed, foreign and malformed events count nowhere."), a.stats)
	add(a, get("/api/events/db-stats", "status", "Size of the store", ""), a.dbStats)
	add(a, get("/api/gaps", "status", "Known gaps in what was read", "",
		some(keyParam("mint", "Holes of this mint, and those of the whole program", false),
			stateParam())), a.gaps)
	add(a, get("/api/ws/metrics", "stream", "Connections and messages of the Socket.IO server", ""), a.streamMetrics)
	add(a, get("/api/kline/status", "stream", "State and limits of the candle stream", ""), a.klineStatus)
	add(a, get("/api/kline/subscriptions", "stream", "Who is subscribed to what", ""), a.subscriptions)
}

func (a *API) clock(context.Context, *query) (wire.Clock, error) {
	now := a.deps.Now()
	return wire.Clock{
		Timestamp: now.Unix(),
		UTC:       now.UTC().Format("2006-01-02 15:04:05 UTC"),
		Local:     now.Local().Format("2006-01-02 15:04:05 MST"),
		ISO8601:   now.UTC().Format(time.RFC3339Nano),
	}, nil
}

func (a *API) status(context.Context, *query) (wire.Status, error) {
	feed, state, counts := a.deps.Feed(), a.deps.Reader.State(), a.deps.Reader.Stats()
	status := wire.Status{
		IsRunning:            feed.Running,
		TotalEventsProcessed: counts.Total,
		ConnectionStatus:     feed.Connection,
		ProgramID:            a.deps.ProgramID.String(),
		Cluster:              a.deps.Cluster,
		Endpoint:             feed.Endpoint,
		Slot:                 uint64(max(feed.Slot, state.Slot)),
		LagSlots:             feed.Lag,
		ChainTime:            state.ChainTime,
		Seq:                  uint64(state.Seq),
		Store:                a.deps.Reader.ID(),
		LastError:            feed.LastError,
		Failures:             feed.Failures,
		Backfill:             feed.Backfill,
		FollowedPrograms:     feed.Programs,
	}
	for _, p := range feed.Unreadable {
		status.UnreadablePrograms = append(status.UnreadablePrograms, p.String())
	}
	if a.deps.Node != nil {
		status.Node = new(a.deps.Node())
	}
	if a.deps.Newer != nil {
		status.Newer = a.deps.Newer()
	}
	if counts.LastEventTime != 0 {
		status.LastEventTime = new(counts.LastEventTime)
	}

	return status, nil
}

func (a *API) stats(context.Context, *query) (wire.EventStats, error) {
	counts := a.deps.Reader.Stats()
	return wire.NewEventStats(counts.Kinds), nil
}

func (a *API) dbStats(context.Context, *query) (wire.DBStats, error) {
	db, err := a.deps.Reader.DBStats()
	stats := a.deps.Reader.Stats()
	return wire.DBStats{
		LSMBytes: db.TreeBytes, VLogBytes: db.ValueLogBytes, TotalBytes: db.TreeBytes + db.ValueLogBytes,
		Keys: map[string]uint64{
			"events": stats.Total, "candles": stats.Candles, "orders": stats.Orders, "mints": uint64(max(0, stats.Mints)),
		},
		Seq: uint64(db.Seq),
	}, err
}

func (a *API) gaps(ctx context.Context, q *query) (*wire.Gaps, error) {
	mint := q.maybeKey("mint")
	var state *market.GapState
	if len(q.values["state"]) > 0 {
		name := q.choice("state", "open", "filled", "unfillable")
		state = new(market.GapState(slices.Index([]string{"open", "filled", "unfillable"}, name))) //nolint:gosec // 0..2
	}

	if q.err != nil {
		return nil, q.err
	}
	gaps, err := a.deps.Reader.Gaps(ctx, nil, state)
	if err != nil {
		return nil, err
	}

	born := market.Slot(0)
	if mint != nil {
		if born, err = a.born(ctx, *mint); err != nil {
			return nil, err
		}
	}

	answer := &wire.Gaps{Gaps: make([]wire.Gap, 0, len(gaps))}
	for i := range gaps {
		gap := &gaps[i]
		a.nameGap(gap)
		if mint == nil || a.concerns(*mint, gap) && (gap.Address.IsZero() || gap.To >= born) {
			answer.Gaps = append(answer.Gaps, newGap(gap))
		}
	}

	answer.Total = len(answer.Gaps)
	return answer, nil
}

// born is the slot before which a coin of a program that is not read whole did nothing, as its creation is stored; 0 when that is
// not known.
func (a *API) born(ctx context.Context, mint market.Pubkey) (market.Slot, error) {
	if pair := a.deps.Reader.Pair(mint); pair.Program() == registry.First {
		return 0, nil
	}
	token, _, err := a.token(ctx, mint)
	if err != nil || token.Created == nil {
		return 0, err
	}
	return token.CreatedPosition.Slot, nil
}

// nameGap says which coin a gap is of: the store does not know whose an address is.
func (a *API) nameGap(gap *market.Gap) {
	if gap.Mint.IsZero() && !gap.Address.IsZero() && a.deps.Watch != nil {
		gap.Mint, _ = a.deps.Watch.CoinOf(gap.Address)
	}
}

// concerns reports whether a gap, after nameGap, may miss something of a mint.
func (a *API) concerns(mint market.Pubkey, gap *market.Gap) bool {
	return gap.Mint == mint || gap.Mint.IsZero() && a.misses(mint, gap)
}

// misses reports whether a gap of a whole program may miss something of a mint. Coins that are followed by their own addresses
// have gaps of their own.
func (a *API) misses(mint market.Pubkey, gap *market.Gap) bool {
	if gap.Address.IsZero() {
		return true
	}
	program, ok := registry.ByAddress(gap.Address)
	if !ok || a.deps.Watch != nil && a.deps.Watch.Follows(mint) {
		return false
	}
	pair := a.deps.Reader.Pair(mint)
	return pair.Program() != registry.First && program != registry.First
}

func newGap(gap *market.Gap) wire.Gap {
	out := wire.Gap{FromSlot: uint64(gap.From), ToSlot: uint64(gap.To), Cause: gap.Cause, State: gap.State.String(), Seq: uint64(gap.Seq)}
	if !gap.Mint.IsZero() {
		out.Mint = gap.Mint.String()
	}
	if !gap.Address.IsZero() {
		out.Address = gap.Address.String()
	}
	return out
}

func (a *API) streamMetrics(context.Context, *query) (wire.StreamMetrics, error) {
	var metrics wire.StreamMetrics
	if a.deps.Stream != nil {
		metrics = a.deps.Stream.Metrics()
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	metrics.MemoryUsageMB = float64(memory.Sys-memory.HeapReleased) / (1 << 20)
	return metrics, nil
}

func (a *API) klineStatus(ctx context.Context, _ *query) (wire.KlineStatus, error) {
	gaps, err := a.deps.Reader.Gaps(ctx, nil, new(market.GapOpen))
	if err != nil {
		return wire.KlineStatus{}, err
	}

	status := wire.KlineStatus{ServiceStatus: "disabled", Stats: wire.KlineStats{GapsOpen: len(gaps), Config: a.deps.Kline}}
	if a.deps.Stream == nil {
		return status, nil
	}

	status.Enabled, status.ServiceStatus = true, "running"
	metrics := a.deps.Stream.Metrics()
	status.Stats.ActiveConnections = metrics.Connections.ActiveConnections
	status.Stats.TotalSubscriptions = metrics.Connections.TotalSubscriptions
	mints := map[string]bool{}
	for room := range a.deps.Stream.Rooms() {
		if parts := strings.Split(room, ":"); len(parts) > 1 { // kind:MINT or kind:MINT:INTERVAL
			mints[parts[1]] = true
		}
	}

	status.Stats.MonitoredMints = len(mints)
	return status, nil
}

func (a *API) subscriptions(context.Context, *query) (*wire.Subscriptions, error) {
	answer := &wire.Subscriptions{Timestamp: a.deps.Now().UnixMilli(), Clients: []wire.StreamClient{}, Rooms: []wire.StreamRoom{}}
	if a.deps.Stream == nil {
		return answer, nil
	}
	for _, client := range a.deps.Stream.Clients() {
		if client.Subscriptions == nil {
			client.Subscriptions = []string{}
		}
		answer.Clients = append(answer.Clients, client)
	}
	for room, clients := range a.deps.Stream.Rooms() {
		answer.Rooms = append(answer.Rooms, wire.StreamRoom{Room: room, Clients: clients})
	}
	slices.SortFunc(answer.Rooms, func(x, y wire.StreamRoom) int { return cmp.Compare(x.Room, y.Room) })
	answer.TotalConnections, answer.TotalRooms = len(answer.Clients), len(answer.Rooms)
	return answer, nil
}
