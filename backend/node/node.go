package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"spinscope/backend/bus"
	"spinscope/backend/bus/embedded"
	"spinscope/backend/config"
	"spinscope/backend/datadir"
	"spinscope/backend/edge"
	"spinscope/backend/market"
	"spinscope/backend/offline"
	"spinscope/backend/parts"
	"spinscope/backend/store"
	"spinscope/backend/wake"
)

// ErrDemo is returned for a bus that is to carry the demo market.
var ErrDemo = errors.New("the demo market is made anew at every start, so no bus carries it: name another with --cluster")

// errBusOther is returned for a store that is not the one whose commits the bus carries.
var errBusOther = errors.New("the bus carries the commits of another store")

// errEmpty is returned for a store that was made while another node claimed the bus for its own.
var errEmpty = errors.New("nothing is in this store yet, and the bus carries another")

// errLeaseLost ends a writer whose lease is lost.
var errLeaseLost = errors.New("this node does not write any more")

const (
	leaseEvery    = 500 * time.Millisecond // between two tries to take it
	lastWords     = 10 * time.Second       // for what is committed at a stop
	standbyCopies = time.Hour              // how old the newest snapshot may be until a standby puts another,
	writerCopies  = 2 * time.Hour          // and until the writer does, as there is no standby then
)

// Options are what a node is made of.
type Options struct {
	Config  *config.Config // of a node with a bus; an edge's cluster and program become those of the market that the bus carries
	Edge    bool           // it stays a replica for good
	Dir     func() *datadir.Dir
	Version string
	Serve   func(context.Context, Role) error // opens the store and the port, and serves in a role until ctx ends
	Logger  *slog.Logger
}

// Role is what a server with a bus does beside what every server does. The zero Role is that of one without.
type Role struct {
	Opened  func(context.Context, *store.Store) error // called with the store before anything is written to it; may be nil
	Append  func(*market.Commit) error                // called before each commit is written; may be nil
	Replica *edge.Replica                             // takes commits from the bus in the place of a writer of its own; nil: there is one
	Stands  *State                                    // for whoever asks; nil of one without a bus
	Follow  func(context.Context) error               // runs the replica
	Parts   func(*store.Store) []parts.Part           // further ones; may be nil
}

// node is a server that shares a market with others over a bus.
type node struct {
	Options
	bus   *bus.Bus
	name  string
	look  *look
	lease *held // nil while another node writes

	claimed bool // the bus carries this node's store
}

// held is a lease that is being kept.
type held struct {
	release context.CancelFunc
	lost    chan struct{} // closed when it is lost, or given back
	err     error         // why; set before
}

// end gives the lease back.
func (h *held) end() {
	h.release()
	<-h.lost
}

// Run serves until ctx ends, which returns nil: as a replica until the lease is free, and as the writer while it is this
// node's. It returns ErrDemo for the demo market.
func Run(ctx context.Context, o Options) error {
	if !o.Edge && !o.Dir().IsMarket() {
		return ErrDemo
	}

	n := &node{Options: o}
	closeBus, err := n.connect(ctx)
	if err != nil {
		return err
	}
	defer closeBus()
	defer func() {
		if n.lease != nil { // taken at the very end
			n.lease.end()
		}
	}()

	looking, endLook := context.WithCancel(ctx)
	looked := make(chan struct{})
	n.look = &look{bus: n.bus}
	go func() {
		defer close(looked)
		n.look.run(looking)
	}()
	defer func() {
		endLook()
		<-looked
	}()

	if o.Edge {
		if err := n.learnMarket(ctx); err != nil {
			return orNil(ctx, err)
		}
	}
	for ctx.Err() == nil {
		if err := n.begin(ctx); err != nil {
			return orNil(ctx, err)
		}
		run := n.stand
		if n.lease != nil {
			run = n.write
		}
		if err := run(ctx); err != nil {
			return orNil(ctx, err)
		}
	}
	return nil
}

// orNil is no error when the end was asked for.
func orNil(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// connect starts the embedded server, where there is one, and connects.
func (n *node) connect(ctx context.Context) (done func(), err error) {
	c := &n.Config.Bus
	name := c.Node
	if name == "" {
		host, _ := os.Hostname() // "" is a name too
		name = fmt.Sprintf("%s-%d", host, os.Getpid())
	}
	n.name = name
	o := bus.Options{
		URL: c.URL, Credentials: c.Credentials, TLSCA: c.TLSCA, Name: c.Name, Replicas: c.Replicas, Node: name,
		SyncChecked: c.SyncChecked, SystemCredentials: c.SystemCredentials, Logger: n.Logger,
	}

	stop := func() {}
	if c.Embedded {
		running, err := embedded.Start(embedded.Options{
			Dir: filepath.Join(n.Dir().Path, "bus"), Name: name, Listen: c.Listen, Cluster: c.Cluster, Peers: c.Peers,
			Credentials: c.Credentials, TLSCert: c.TLSCert, TLSKey: c.TLSKey, TLSCA: c.TLSCA, Logger: n.Logger,
		})
		if err != nil {
			return nil, err
		}
		stop, o.Embedded = running.Stop, running
	}

	if n.bus, err = bus.Connect(ctx, o); err != nil {
		stop()
		return nil, err
	}
	return func() { n.bus.Close(); stop() }, nil
}

// learnMarket has an edge serve the market that the bus carries; it waits until there is one.
func (n *node) learnMarket(ctx context.Context) error {
	for {
		of, err := n.bus.Market(ctx)
		if err == nil {
			cfg := &n.Config.Solana
			cfg.Cluster, cfg.ProgramID = of.Cluster, of.Program
			return nil
		}
		if !errors.Is(err, bus.ErrMissing) {
			return err
		}
		if err := wake.After(ctx, leaseEvery); err != nil {
			return err
		}
	}
}

// begin makes a copy of the market where there is none here and the bus has one.
func (n *node) begin(ctx context.Context) error {
	dir := n.Dir()
	if _, err := os.Stat(dir.Store()); err == nil {
		return nil
	}
	of, err := n.bus.Market(ctx)
	if errors.Is(err, bus.ErrMissing) {
		return nil
	}
	if err != nil {
		return err
	}
	if of.Cluster != dir.Cluster || of.Program != dir.Program {
		return fmt.Errorf("%w: of %s, program %s: give another bus.name", errBusOther, of.Cluster, of.Program)
	}
	return edge.Begin(ctx, n.bus, of, dir.Path, n.Logger)
}

// claim makes sure that the bus carries the opened store's commits. It is asked once, so that a node whose bus is not reached
// serves what it has.
func (n *node) claim(ctx context.Context, opened *store.Store) error {
	if n.claimed {
		return nil
	}
	cfg := &n.Config.Solana
	of, err := n.bus.Claim(ctx, bus.Market{Store: opened.ID(), Cluster: cfg.Cluster, Program: cfg.ProgramID})
	switch {
	case err != nil:
		return err
	case of.Store != opened.ID() && opened.Seq() == 0:
		return errEmpty
	case of.Store != opened.ID():
		return fmt.Errorf("%w, %s, and %s is %s: move it away, and this node begins from a snapshot, or give another bus.name",
			errBusOther, of.Store, n.Dir().Store(), opened.ID())
	}
	n.claimed = true
	return nil
}

// giveUp removes this node's copy, so that it begins from a snapshot, when an error says that it must and may. Of a copy that
// is of no use and may not be removed, the error tells what to do with it.
func (n *node) giveUp(err error) error {
	useless := errors.Is(err, edge.ErrBehind) || errors.Is(err, edge.ErrDiffers)
	may := n.Edge && (useless || errors.Is(err, errBusOther))
	switch {
	case may, errors.Is(err, errEmpty):
	case useless:
		return fmt.Errorf("%w: move %s away, and this node begins from a snapshot", err, n.Dir().Store())
	default:
		return err
	}

	n.Logger.Warn("this copy is given up, and another begun from a snapshot", "err", err)
	return os.RemoveAll(n.Dir().Store())
}

// stand serves a replica until the lease is this node's. An edge does so for good.
func (n *node) stand(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()

	replica := &edge.Replica{}
	stands := &State{name: n.name, role: isEdge, replica: replica, look: n.look}
	if !n.Edge {
		stands.role = standsBy
	}
	stands.follow = func(ctx context.Context, taken func([]store.AlertRecord)) error {
		alerts, err := n.waitForAlerts(ctx, replica.Store)
		if err != nil {
			return orNil(ctx, err)
		}
		return alerts.Follow(ctx, taken)
	}
	as := Role{Replica: replica, Stands: stands, Follow: func(ctx context.Context) error {
		replica.Unsure()
		log, err := n.waitForLog(ctx, replica.Store)
		if err != nil {
			return orNil(ctx, err)
		}
		return replica.Follow(ctx, log)
	}}
	as.Parts = func(opened *store.Store) []parts.Part { return []parts.Part{n.compares(opened, false)} }
	if !n.Edge {
		as.Opened = n.claim
		as.Parts = func(opened *store.Store) []parts.Part {
			return []parts.Part{
				n.compares(opened, false),
				{Name: "lease", Run: func(ctx context.Context) error { return n.acquire(ctx, stop) }},
				{Name: "snapshots", Run: func(ctx context.Context) error { return n.copies(ctx, opened, standbyCopies) }},
			}
		}
	}

	return n.giveUp(n.Serve(ctx, as))
}

// waitForLog opens the log of a store once a writer has made it.
func (n *node) waitForLog(ctx context.Context, of *store.Store) (*bus.Log, error) {
	for {
		carried, err := n.bus.Market(ctx)
		if err == nil && carried.Store != of.ID() {
			return nil, fmt.Errorf("%w, %s, and this is %s", errBusOther, carried.Store, of.ID())
		}
		var log *bus.Log
		if err == nil {
			log, err = n.bus.Log(ctx, of.ID(), 1, false)
		}
		if !errors.Is(err, bus.ErrMissing) {
			return log, err
		}

		if err := wake.After(ctx, leaseEvery); err != nil {
			return nil, err
		}
	}
}

// waitForAlerts opens the log of a store's alerts once a writer has made it.
func (n *node) waitForAlerts(ctx context.Context, of *store.Store) (*edge.Alerts, error) {
	if _, err := n.waitForLog(ctx, of); err != nil {
		return nil, err
	}
	for {
		alerts, err := edge.OpenAlerts(ctx, n.bus, of, false)
		if !errors.Is(err, bus.ErrMissing) {
			return alerts, err
		}
		if err := wake.After(ctx, leaseEvery); err != nil {
			return nil, err
		}
	}
}

// acquire tries to take the lease until it has it, and then ends the replica.
func (n *node) acquire(ctx context.Context, taken func()) error {
	for {
		lease, err := n.bus.Acquire(ctx)
		if err != nil {
			n.Logger.Debug("the lease was not taken", "err", err)
		}
		if lease != nil {
			n.keep(ctx, lease)
			n.Logger.Info("this node writes now")
			taken()
			return nil
		}
		if wake.After(ctx, leaseEvery) != nil {
			return nil
		}
	}
}

// keep keeps a lease from now on, whatever ends meanwhile.
func (n *node) keep(ctx context.Context, lease *bus.Lease) {
	keeping, release := context.WithCancel(context.WithoutCancel(ctx))
	n.lease = &held{release: release, lost: make(chan struct{})}
	go func(h *held) {
		defer close(h.lost)
		h.err = lease.Keep(keeping)
	}(n.lease)
}

// write is the writer until ctx ends, or until the lease or the log is another's, which returns nil.
func (n *node) write(ctx context.Context) error {
	lease := n.lease
	n.lease = nil
	defer lease.end()

	// What is committed at a stop still goes into the log; nothing does once the lease is lost.
	appending, endAppending := context.WithCancelCause(context.WithoutCancel(ctx))
	defer endAppending(nil)
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		<-lease.lost
		endAppending(errLeaseLost)
		stop(errLeaseLost)
	}()
	defer context.AfterFunc(ctx, func() {
		time.AfterFunc(lastWords, func() { endAppending(context.DeadlineExceeded) })
	})()

	var log *bus.Log
	stands := &State{name: n.name, role: writes, look: n.look}
	err := n.Serve(running, Role{
		Stands: stands,
		Opened: func(ctx context.Context, opened *store.Store) (err error) {
			if err := n.claim(ctx, opened); err != nil {
				return err
			}
			if log, err = n.bus.Log(ctx, opened.ID(), opened.Seq()+1, true); err != nil {
				return err
			}
			if err := (&edge.Replica{Store: opened}).CatchUp(ctx, log); err != nil {
				return err
			}
			alerts, err := beginAlerts(ctx, n.bus, opened)
			if err != nil {
				return err
			}
			stands.agree = func(c *store.AlertChange) error { return alerts.Append(appending, c) }
			return nil
		},
		Append: func(c *market.Commit) error {
			stands.waiting.Store(time.Now().UnixNano())
			defer stands.waiting.Store(0)
			return log.Append(appending, c.Seq, edge.Encode(c))
		},
		Parts: func(opened *store.Store) []parts.Part {
			return []parts.Part{
				n.compares(opened, true),
				{Name: "snapshots", Run: func(ctx context.Context) error { return n.copies(ctx, opened, writerCopies) }},
			}
		},
	})
	lost := ctx.Err() == nil && errors.Is(context.Cause(running), errLeaseLost)
	if err = n.giveUp(err); err == nil {
		if lost {
			n.Logger.Warn("this node does not write any more: another does, or the bus is not reached", "err", lease.err)
		}
		return nil
	}
	if errors.Is(err, edge.ErrDiffers) {
		return err
	}
	if lost || ctx.Err() == nil && errors.Is(err, bus.ErrOther) {
		n.Logger.Warn("this node does not write any more: another does, or the bus is not reached", "err", err)
		return nil
	}
	return err
}

// beginAlerts has the alerts go on where those of the last writer stopped. Where it is not known what was told, they look at
// what is committed from now on.
func beginAlerts(ctx context.Context, b *bus.Bus, opened *store.Store) (*edge.Alerts, error) {
	alerts, err := edge.OpenAlerts(ctx, b, opened, true)
	if err != nil {
		return nil, err
	}
	empty, err := alerts.CatchUp(ctx)
	if err != nil || !empty {
		return alerts, err
	}
	_, err = opened.CommitAlerts(&store.AlertChange{Cursor: opened.Seq()})
	return alerts, err
}

// compares has the store's commits compared with what the bus says of them.
func (n *node) compares(opened *store.Store, writes bool) parts.Part {
	return parts.Part{Name: "digests", Run: func(ctx context.Context) error {
		return edge.Compare(ctx, n.bus, opened, writes, &n.look.digests)
	}}
}

// copies keeps a snapshot on the bus that is not too old.
func (n *node) copies(ctx context.Context, opened *store.Store, age time.Duration) error {
	of, err := offline.MarketOf(n.Dir())
	if err != nil {
		return err
	}
	edge.Keep(ctx, n.bus, opened, of, n.Version, age, n.Logger)
	return nil
}
