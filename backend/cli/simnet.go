package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"spinscope/backend/config"
	"spinscope/backend/market"
	"spinscope/backend/simnet"
	"spinscope/backend/solana"
	"spinscope/backend/wire"
)

type simnetCommand struct {
	Listen    string            `help:"Address to serve JSON-RPC and PubSub on." default:"127.0.0.1:8899" placeholder:"HOST:PORT"`
	Seed      int64             `help:"Seed of the market; the same seed and start give the same ledger." default:"1"`
	Rate      float64           `help:"Transactions per second, all tokens together." default:"3"`
	Mints     int               `help:"Tokens at the start." default:"8"`
	Coins     int               `help:"Coins of a launchpad beside them, on pump and PumpSwap; some complete their curve and move to a pool." default:"0"`
	CoinShare float64           `help:"Part of the transactions that is theirs." default:"0.5" placeholder:"0..1"`
	NewEvery  time.Duration     `help:"Mean chain time between further tokens, and between further coins; 0 is never." default:"12m" placeholder:"DURATION"`
	History   time.Duration     `help:"How much trading lies before the start." default:"6h"`
	Keep      time.Duration     `help:"How much of its ledger the node still has; 0 is the newest 100,000 transactions." default:"0" placeholder:"DURATION"`
	Node      map[string]string `help:"Another access point at /node/NAME that keeps so much; several lengths are a pool: deep=2h, pool=1m,10m." placeholder:"NAME=DURATION[,…]" mapsep:"none"`
	Rest      bool              `help:"Nobody trades after the start, so that a seed and a start give the same market for ever."`
	Slot      time.Duration     `help:"Length of a slot." default:"400ms"`
	Start     int64             `help:"Chain time of the first live slot, Unix seconds; 0 is now." default:"0"`
	ProgramID string            `help:"Program address the market runs under." placeholder:"ADDRESS"`
	MaxBatch  int               `help:"Calls in one request; 0 is 1000." default:"0" placeholder:"N"`
	Refusal   string            `help:"How larger ones are refused: ${refusals}." default:"error" placeholder:"HOW"`
	LogLevel  string            `help:"debug, info, warn or error." enum:"debug,info,warn,error" default:"info"`
	LogFormat string            `help:"text or json." enum:"text,json" default:"text"`

	Faults faultFlags `embed:"" prefix:"fault-" group:"Faults (probabilities 0..1)"`
}

// faultFlags make the cluster misbehave, to try what the app does then.
type faultFlags struct {
	Drop       float64       `help:"Notifications never sent." default:"0" placeholder:"P"`
	Duplicate  float64       `help:"Notifications sent twice." default:"0" placeholder:"P"`
	Reorder    float64       `help:"Notifications sent after those of a later slot." default:"0" placeholder:"P"`
	Truncate   float64       `help:"Transactions whose log is cut before the price event." default:"0" placeholder:"P"`
	Fork       float64       `help:"Blocks abandoned before they are final." default:"0" placeholder:"P"`
	Disconnect float64       `help:"Per connection and slot: the socket is closed." default:"0" placeholder:"P"`
	Silent     float64       `help:"Per connection and slot: the socket stays open and says nothing more." default:"0" placeholder:"P"`
	Refuse     float64       `help:"Subscription requests answered with an error." default:"0" placeholder:"P"`
	Null       float64       `help:"Recent transactions answered null." default:"0" placeholder:"P"`
	Limit      float64       `help:"HTTP requests answered 429." default:"0" placeholder:"P"`
	Fail       float64       `help:"HTTP requests answered 500." default:"0" placeholder:"P"`
	Slow       float64       `help:"HTTP requests answered late." default:"0" placeholder:"P"`
	SlowBy     time.Duration `help:"How late." default:"2s"`
	EmptyList  float64       `help:"Lists of signatures with nothing in them." default:"0" placeholder:"P"`
	ListHole   float64       `help:"Lists of signatures whose middle third is left out." default:"0" placeholder:"P"`
	ShortList  float64       `help:"Lists of signatures whose older half is left out." default:"0" placeholder:"P"`
	LateList   float64       `help:"Lists of signatures without the newest 40 slots." default:"0" placeholder:"P"`
}

// Run runs the simulated cluster until the context ends.
func (c *simnetCommand) Run(ctx context.Context, program *Program) error {
	cfg := simnet.Default()
	cfg.Listen, cfg.Seed, cfg.Rate, cfg.Mints = c.Listen, c.Seed, c.Rate, c.Mints
	cfg.History, cfg.SlotTime, cfg.Faults = c.History, c.Slot, simnet.Faults(c.Faults)
	if wire.Milliseconds(c.Start) {
		return fmt.Errorf("%w: --start %d looks like milliseconds: write Unix seconds, such as %d", errUsage, c.Start, c.Start/1000)
	}
	if c.Coins < 0 || c.CoinShare < 0 || c.CoinShare > 1 {
		return fmt.Errorf("%w: --coins %d --coin-share %g: coins are counted from 0, and their share is 0 to 1", errUsage, c.Coins, c.CoinShare)
	}

	cfg.NewMintEvery = c.NewEvery
	cfg.Coins, cfg.CoinShare, cfg.Derive = c.Coins, c.CoinShare, solana.ProgramAddress
	cfg.MaxBatch, cfg.BatchRefusal = c.MaxBatch, simnet.BatchRefusal(c.Refusal)
	if !slices.Contains(simnet.BatchRefusals(), cfg.BatchRefusal) {
		return fmt.Errorf("%w: --refusal %s: use one of %s", errUsage, c.Refusal, refusals())
	}

	if c.Start != 0 {
		cfg.Start = time.Unix(c.Start, 0)
	}
	if c.ProgramID != "" {
		id, err := market.ParsePubkey(c.ProgramID)
		if err != nil {
			return fmt.Errorf("%w: --program-id: %w", errUsage, err)
		}
		cfg.Program = id
	}

	if err := loopbackOnly(c.Listen); err != nil {
		return err
	}
	cfg.Keep = c.Keep
	if kept := c.Rate * c.Keep.Seconds(); kept > float64(cfg.MaxTransactions) {
		cfg.MaxTransactions = int(min(kept, maxKept) * 1.1) // the length counts, as far as memory goes
	}

	cfg.Logger = newLogger(program, c.LogLevel, c.LogFormat)
	net := simnet.New(cfg)
	if err := c.addNodes(net, &cfg); err != nil {
		return err
	}

	if c.Rest {
		net.SetRate(0)
	}
	go func() {
		select {
		case <-net.Ready():
			_, _ = fmt.Fprintf(program.Stdout, "simulated cluster at %s (RPC) and %s (PubSub)\n", net.RPCURL(), net.WSURL())
		case <-ctx.Done():
		}
	}()

	return net.Run(ctx)
}

// refusals lists the ways of refusing a batch.
func refusals() string {
	names := make([]string, 0, len(simnet.BatchRefusals()))
	for _, how := range simnet.BatchRefusals() {
		names = append(names, string(how))
	}
	return strings.Join(names, ", ")
}

// maxKept bounds the transactions that --keep may ask for: about 1 GB.
const maxKept = 2e6

// addNodes makes the further access points.
func (c *simnetCommand) addNodes(net *simnet.Net, cfg *simnet.Config) error {
	for name, lengths := range c.Node {
		var members []simnet.Node
		for text := range strings.SplitSeq(lengths, ",") {
			length, err := time.ParseDuration(text)
			if err != nil || length <= 0 {
				return fmt.Errorf("%w: --node %s=%s: %q is no length such as 10m", errUsage, name, lengths, text)
			}
			members = append(members, simnet.Node{Keep: cfg.Slots(length)})
		}
		net.SetNode(name, members...)
	}
	return nil
}

// loopbackOnly refuses to show a simulated cluster to other machines: it has no access control.
func loopbackOnly(listen string) error {
	cfg := config.Default()
	cfg.Server.Listen, cfg.Server.Token = listen, ""
	if err := cfg.Validate(); err != nil {
		return fmt.Errorf("%w: --listen %s: a simulated cluster listens on loopback only, such as 127.0.0.1:8899", errUsage, listen)
	}
	return nil
}
