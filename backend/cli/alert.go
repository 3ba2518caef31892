package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"spinscope/backend/alert"
)

type alertCommand struct {
	List   alertListCommand   `cmd:"" help:"Show the rules."`
	Add    alertAddCommand    `cmd:"" help:"Add a rule."`
	Remove alertRemoveCommand `cmd:"" help:"Take a rule away."`
	Mute   alertMuteCommand   `cmd:"" help:"Keep a rule from firing."`
	Unmute alertUnmuteCommand `cmd:"" help:"Let a muted rule fire again."`
}

// alertPlace says where the rules are.
type alertPlace struct {
	DataDir string `help:"Data directory whose alerts.json is meant." placeholder:"DIR" type:"path"`
}

func (p *alertPlace) file(program *Program) (alert.File, error) {
	dir, err := program.dataDir(p.DataDir)
	return alert.At(dir), err
}

type alertListCommand struct {
	alertPlace
	JSON bool `name:"json" help:"One JSON object a line, as in the file."`
}

// Run prints the rules; what is wrong in the file goes to standard error.
func (c *alertListCommand) Run(program *Program) error {
	file, err := c.file(program)
	if err != nil {
		return err
	}

	rules, problems, _, err := file.Read()
	if err != nil {
		return err
	}

	for _, problem := range problems {
		_, _ = fmt.Fprintf(program.Stderr, "spinscope: %s: %v\n", file.Path(), problem)
	}
	if c.JSON {
		for i := range rules {
			text, err := json.Marshal(rules[i].Fields())
			if err != nil {
				return fmt.Errorf("write rule: %w", err)
			}
			_, _ = fmt.Fprintf(program.Stdout, "%s\n", text)
		}
		return nil
	}

	if len(rules) == 0 {
		_, err = fmt.Fprintf(program.Stdout, "no rules in %s; add one with spinscope alert add\n", file.Path())
		return err
	}

	table := tabwriter.NewWriter(program.Stdout, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "ID\tKIND\tSYMBOL\tWHEN\tSTATE\tSINCE")
	for i := range rules {
		f := rules[i].Fields()
		symbol := f.Symbol
		if symbol == "" {
			symbol = "-"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", f.ID, f.Kind, symbol, condition(f), stateOf(f),
			time.UnixMilli(f.CreatedAt).UTC().Format(time.DateTime))
	}

	return table.Flush()
}

// condition is what a rule looks for, in words.
func condition(f alert.Fields) string {
	switch f.Kind {
	case alert.PriceAbove:
		return "at or above " + f.Price
	case alert.PriceBelow:
		return "at or below " + f.Price
	case alert.MarketCapAbove:
		return "market cap at or above " + f.MarketCap
	case alert.MarketCapBelow:
		return "market cap at or below " + f.MarketCap
	case alert.LineAbove:
		return "at or above the line " + lineOf(f)
	case alert.LineBelow:
		return "at or below the line " + lineOf(f)
	case alert.PercentMove:
		return fmt.Sprintf("%s %% in %d s, %s", f.Percent, f.WindowSeconds, f.Direction)
	case alert.VolumeSpike:
		return fmt.Sprintf("%s times the average in %d s", f.Factor, f.WindowSeconds)
	case alert.Liquidation:
		if f.MinSize != "" {
			return "of " + f.MinSize + " or more"
		}
	case alert.WalletTrade:
		if f.MinSize != "" {
			return "of " + f.Wallet + ", " + f.MinSize + " or more"
		}
		return "of " + f.Wallet
	case alert.NewToken, alert.ConnectionLost:
	}
	return "-"
}

// lineOf are the points of a rule's line, in UTC.
func lineOf(f alert.Fields) string {
	moment := func(t int64) string { return time.Unix(t, 0).UTC().Format(time.DateTime) }
	text := fmt.Sprintf("from %s at %s to %s at %s", f.FromPrice, moment(f.FromTime), f.ToPrice, moment(f.ToTime))
	if f.Ray {
		text += " and on"
	}
	return text
}

func stateOf(f alert.Fields) string {
	state := "on"
	if f.Muted {
		state = "muted"
	}
	if f.Once {
		state += ", once"
	}
	return state
}

type alertAddCommand struct {
	alertPlace
	Kind      string `required:"" help:"price_above, price_below, market_cap_above, market_cap_below, line_above, line_below, percent_move, volume_spike, liquidation, new_token, wallet_trade or connection_lost." placeholder:"KIND"`
	ID        string `name:"id" help:"Name of the rule; one is made up otherwise." placeholder:"ID"`
	Symbol    string `help:"Mint address; all mints without it, where the kind allows." placeholder:"MINT"`
	Wallet    string `help:"Address of the wallet (wallet_trade)." placeholder:"ADDRESS"`
	Price     string `help:"What a whole token costs, in SOL or what else it is paid in, such as 0.00000003 (price_above, price_below)." placeholder:"PRICE"`
	MarketCap string `help:"Price × supply, in what the token is paid in, such as 250.5 (market_cap_above, market_cap_below)." placeholder:"AMOUNT"`
	FromTime  int64  `help:"Where the line begins, Unix seconds (line_above, line_below)." placeholder:"TIME"`
	FromPrice string `help:"The line's price there." placeholder:"PRICE"`
	ToTime    int64  `help:"A later point of the line, Unix seconds; without --ray it ends there." placeholder:"TIME"`
	ToPrice   string `help:"The line's price there." placeholder:"PRICE"`
	Ray       bool   `help:"The line goes on beyond its second point."`
	Percent   string `help:"Size of the move, such as 12.5 (percent_move)." placeholder:"N"`
	Window    int64  `help:"Seconds that are looked at, 10 to 86400 (percent_move, volume_spike)." placeholder:"SECONDS"`
	Direction string `help:"up, down or both (percent_move)." placeholder:"WAY"`
	Factor    string `help:"Times the average volume, such as 3 (volume_spike)." placeholder:"N"`
	MinSize   string `help:"Least size of the order or of the trade, in what the token is paid in (liquidation, wallet_trade)." placeholder:"AMOUNT"`
	Once      bool   `help:"The rule is done after it fired."`
	Muted     bool   `help:"Add it muted."`
}

// Run adds the rule and prints its id.
func (c *alertAddCommand) Run(program *Program) error {
	file, err := c.file(program)
	if err != nil {
		return err
	}

	rule, err := file.Add(alert.Fields{
		ID: c.ID, Kind: alert.Kind(c.Kind), Symbol: c.Symbol, Wallet: c.Wallet, Price: c.Price, MarketCap: c.MarketCap, Direction: c.Direction, Percent: json.Number(c.Percent),
		FromTime: c.FromTime, FromPrice: c.FromPrice, ToTime: c.ToTime, ToPrice: c.ToPrice, Ray: c.Ray,
		WindowSeconds: c.Window, Factor: json.Number(c.Factor), MinSize: c.MinSize, Once: c.Once, Muted: c.Muted,
	}, time.Now())
	if wrong, ok := errors.AsType[*alert.FieldError](err); ok {
		return fmt.Errorf("%w: %s: %s (see spinscope alert add --help)", errUsage, flagOf(wrong.Field), wrong.Why)
	}
	if errors.Is(err, alert.ErrRuleExists) {
		return fmt.Errorf("%w: --id %w: choose another, or spinscope alert remove %s", errUsage, err, c.ID)
	}

	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(program.Stdout, rule.ID)
	return err
}

// flagOf is the flag that gives a member of a rule.
func flagOf(field string) string {
	if field == "window_seconds" {
		return "--window"
	}
	return "--" + strings.ReplaceAll(field, "_", "-")
}

type alertRemoveCommand struct {
	alertPlace
	ID string `arg:"" help:"The rule's id, as spinscope alert list shows it."`
}

// Run takes the rule away.
func (c *alertRemoveCommand) Run(program *Program) error {
	file, err := c.file(program)
	if err != nil {
		return err
	}
	return known(file.Remove(c.ID))
}

type alertMuteCommand struct {
	alertPlace
	ID string `arg:"" help:"The rule's id, as spinscope alert list shows it."`
}

// Run mutes the rule.
func (c *alertMuteCommand) Run(program *Program) error { return c.mute(program, c.ID, true) }

type alertUnmuteCommand struct {
	alertPlace
	ID string `arg:"" help:"The rule's id, as spinscope alert list shows it."`
}

// Run unmutes the rule.
func (c *alertUnmuteCommand) Run(program *Program) error { return c.mute(program, c.ID, false) }

func (p *alertPlace) mute(program *Program, id string, muted bool) error {
	file, err := p.file(program)
	if err != nil {
		return err
	}
	_, err = file.Mute(id, muted)
	return known(err)
}

// known makes an unknown id a wrong command line.
func known(err error) error {
	if errors.Is(err, alert.ErrNoRule) {
		return fmt.Errorf("%w: %w: spinscope alert list shows the rules", errUsage, err)
	}
	return err
}
