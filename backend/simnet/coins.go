package simnet

import (
	"encoding/base64"
	"errors"
	"math/bits"
	"slices"
	"strconv"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/simnet/launchpad"
	"spinscope/backend/usd"
)

// newCoins is the market of coins, nil when the configuration has none.
func newCoins(cfg *Config) (*launchpad.World, error) {
	if cfg.Coins <= 0 {
		return nil, nil //nolint:nilnil // no market is what was asked for
	}
	if cfg.Derive == nil {
		return nil, errors.New("addresses of programs cannot be derived: Config.Derive is missing")
	}
	return launchpad.New(launchpad.Config{
		Seed: cfg.Seed, Coins: cfg.Coins, MaxCoins: cfg.Coins + 40, NewEvery: cfg.NewMintEvery.Seconds(), USDC: true, Truncated: 0.5,
		Derive: cfg.Derive, URI: func(mint market.Pubkey) string { return "ipfs://" + cid(mint) },
	})
}

// router is the program through which trades of coins come, zero when there are no coins.
func (p *producer) router() market.Pubkey {
	if p.coins == nil {
		return market.Pubkey{}
	}
	return p.coins.Router()
}

// nextCoin is what happens next in the market of coins.
func (p *producer) nextCoin(now float64) *transaction {
	happened := p.coins.Next(now)
	if c := happened.Created; c != nil {
		p.tokens(&token{
			mint: c.Mint, name: c.Name, symbol: c.Symbol, about: "A coin of the simulated launchpad.", created: c.Created,
			metadata: cid(c.Mint), picture: cid(p.world.key("coin picture", p.world.serial)),
		})
	}
	tx := p.world.begin()
	tx.payer, tx.failed, tx.coin = happened.Payer, happened.Failed, &happened
	tx.version, tx.chatty = 0, happened.Cut // messages of version 1 lie otherwise
	return tx
}

// programsOf are the programs that calls name, each once.
func programsOf(calls []launchpad.Call) (list []market.Pubkey) {
	for i := range calls {
		for _, id := range append(programsOf(calls[i].Inner), calls[i].Program) {
			if !slices.Contains(list, id) {
				list = append(list, id)
			}
		}
	}
	return list
}

// coinAccounts are all that a transaction of the coins' market names, its payer first.
func coinAccounts(tx *transaction) []market.Pubkey {
	list := append([]market.Pubkey{tx.payer}, tx.coin.Accounts...)
	for _, id := range programsOf(tx.coin.Calls) {
		if !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return list
}

// calls writes the frames of calls, one after the other. Of a failed transaction the last one fails.
func (s *scribe) calls(p *page, tx *transaction, calls []launchpad.Call, depth int) {
	for i := range calls {
		c := &calls[i]
		f := s.framesOf(c.Program)
		p.invoke(f, depth)
		p.add("Program log: Instruction: " + c.Instruction)
		s.calls(p, tx, c.Inner, depth+1)
		if len(c.Events) > 0 {
			s.transfer(p, depth, tx.noise)
			if tx.chatty && !p.chatted {
				p.chatted = true
				chatter(p)
			}
		}

		for _, event := range c.Events {
			p.add(program.DataPrefix + base64.StdEncoding.EncodeToString(program.Append(nil, event)))
			p.invoke(f, depth+1) // the program tells itself
			p.leave(f, 2027)
		}

		if fails := tx.failed && i == len(calls)-1; fails && (depth == 1 || tx.coin.Calls[0].Program == s.router) {
			p.add("Program log: AnchorError occurred. Error Code: TooMuchSolRequired. Error Number: 6002.")
			p.add(f.failed + "1772")
			continue
		}
		p.leave(f, 41_000+uint64(tx.noise>>7%20_000))
	}
}

// framesOf are the lines of one of the programs that coins trade on.
func (s *scribe) framesOf(id market.Pubkey) *frames {
	switch id {
	case pump.ProgramID:
		return &s.pump
	case pumpswap.ProgramID:
		return &s.pumpSwap
	}
	return &s.launch
}

// selfCallTag begins an instruction by which an Anchor program tells itself an event.
var selfCallTag = []byte{0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d}

// appendInner is the innerInstructions of getTransaction: of every top-level instruction those below it, in the order of
// execution.
func appendInner(b []byte, tx *transaction) []byte {
	if tx.coin == nil {
		return append(b, "[]"...)
	}
	accounts := coinAccounts(tx)
	b = append(b, '[')
	for i := range tx.coin.Calls {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(strconv.AppendInt(append(b, `{"index":`...), int64(i), 10), `,"instructions":[`...)
		first := true
		b = appendBelow(b, &tx.coin.Calls[i], accounts, 2, &first)
		b = append(b, "]}"...)
	}
	return append(b, ']')
}

func appendBelow(b []byte, c *launchpad.Call, accounts []market.Pubkey, height int, first *bool) []byte {
	instruction := func(id market.Pubkey, data []byte) {
		if !*first {
			b = append(b, ',')
		}
		*first = false
		b = append(append(b, `{"accounts":[0],"data":"`...), base58Text(data)...)
		b = strconv.AppendInt(append(b, `","programIdIndex":`...), int64(slices.Index(accounts, id)), 10)
		b = append(strconv.AppendInt(append(b, `,"stackHeight":`...), int64(height), 10), '}')
	}
	for i := range c.Inner {
		instruction(c.Inner[i].Program, []byte{1, 2, 3, 4, 5, 6, 7, 8})
		b = appendBelow(b, &c.Inner[i], accounts, height+1, first)
	}
	for _, event := range c.Events {
		instruction(c.Program, program.Append(slices.Clone(selfCallTag), event))
	}
	return b
}

// base58Text is the base58 text of any bytes: ten digits at a time, as 58^10 fits 64 bits.
func base58Text(data []byte) string {
	const alphabet, ten = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", 430_804_206_899_405_824
	words := make([]uint64, (len(data)+7)/8) // the highest first
	for i, b := range data {
		place := len(data) - 1 - i
		words[len(words)-1-place/8] |= uint64(b) << (8 * (place % 8))
	}

	var text []byte // the lowest digit first
	for len(words) > 0 {
		if words[0] == 0 {
			words = words[1:]
			continue
		}
		rest := uint64(0)
		for i := range words {
			words[i], rest = bits.Div64(rest, words[i], ten)
		}
		for range 10 {
			text = append(text, alphabet[rest%58])
			rest /= 58
		}
	}

	for len(text) > 0 && text[len(text)-1] == alphabet[0] {
		text = text[:len(text)-1]
	}
	for i := 0; i < len(data) && data[i] == 0; i++ {
		text = append(text, alphabet[0])
	}
	slices.Reverse(text)
	return string(text)
}

// getMultipleAccounts knows the accounts of mints and of what they call themselves, the curves and pools of coins, and the price
// of SOL in US dollars, as they are now.
func (n *access) getMultipleAccounts(a args) ([]byte, *rpcError) {
	const limit = 100
	var list []string
	if fault := a.read(0, &list, true); fault != nil {
		return nil, fault
	}
	if len(list) > limit {
		return nil, invalid("Too many inputs provided; max %d", limit)
	}

	o, release, fault := n.view(a, 1)
	if fault != nil {
		return nil, fault
	}

	defer release()
	if o.Encoding != "base64" {
		return nil, invalid("simnet knows the encoding base64")
	}

	b := strconv.AppendUint([]byte(`{"context":{"apiVersion":"2.3.6","slot":`), uint64(n.chain.slotAt(o.level)), 10)
	b = append(b, `},"value":[`...)
	for i, text := range list {
		address, err := market.ParsePubkey(text)
		if err != nil {
			return nil, invalid("Invalid param: Invalid")
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = n.appendAccount(b, address)
	}

	return append(b, "]}"...), nil
}

func (n *Net) appendAccount(b []byte, address market.Pubkey) []byte {
	account, ok := n.kept[address]
	if !ok && n.coins != nil {
		account, ok = n.coins.Account(address)
	}
	if address == usd.Address {
		account = n.dollarAccount()
		ok = len(account.Data) > 0
	}
	if !ok {
		return append(b, "null"...)
	}
	b = base64.StdEncoding.AppendEncode(append(b, `{"data":["`...), account.Data)
	b = append(append(b, `","base64"],"executable":false,"lamports":1461600,"owner":"`...), account.Owner.String()...)
	b = strconv.AppendInt(append(b, `","rentEpoch":18446744073709551615,"space":`...), int64(len(account.Data)), 10)
	return append(b, '}')
}
