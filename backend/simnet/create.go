package simnet

import (
	"encoding/base32"
	"fmt"
	"strings"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// create makes a new token, and often its creator's first buy in the same transaction.
func (w *world) create(now float64) (*transaction, *token) {
	tx := w.begin()
	n := len(w.pools)
	name := tokenNames[w.names[n%len(w.names)]]
	if round := n / len(w.names); round > 0 {
		name.name, name.symbol = fmt.Sprintf("%s %d", name.name, round+1), fmt.Sprintf("%s%d", name.symbol, round+1)
	}

	fresh, _ := spinpet.FreshCurve(w.decimals) // decimals were checked
	p := &pool{
		mint: w.key("mint", uint64(n)), curve: w.key("curve", uint64(n)), poolToken: w.key("pool token", uint64(n)), //nolint:gosec // small
		poolSol: w.key("pool sol", uint64(n)), name: name.name, symbol: name.symbol, at: fresh, first: fresh.Raw(), //nolint:gosec // small
		swapFee: startSwap, borrowFee: startBorrow, held: make([]uint64, len(w.traders)), mood: newMood(w.rng, n, now),
	}
	about := &token{mint: p.mint, name: p.name, symbol: p.symbol, about: name.about, created: int64(now), spinpet: true}
	about.metadata, about.picture = cid(w.key("metadata", uint64(n))), cid(w.key("picture", uint64(n))) //nolint:gosec // small
	p.uri = "ipfs://" + about.metadata
	w.pools = append(w.pools, p)
	w.venues[p.mint] = &venue{p.mint, p.curve, p.poolToken, p.poolSol}

	who := w.rng.IntN(len(w.traders))
	tx.payer, tx.instruction = w.traders[who].key, "Create"
	tx.events = []market.Body{&spinpet.TokenCreated{
		Payer: tx.payer, Mint: p.mint, Curve: p.curve, PoolToken: p.poolToken, PoolSol: p.poolSol, FeeRecipient: w.fees,
		BaseFeeRecipient: w.base, Params: w.params, SwapFee: p.swapFee, BorrowFee: p.borrowFee,
		Name: p.name, Symbol: p.symbol, URI: p.uri, Early: w.early,
	}}
	if lamports := p.mood.creation(w.rng); lamports > 0 {
		w.trade(tx, p, who, p.worth(lamports, true), true)
		tx.instruction = "Create"
		if p.mood.firstBuy > 0 { // whoever pays for it says what it is worth
			p.mood.fair -= p.gap()
		}
	}

	p.mood.heat = 3
	return tx, about
}

// cid is a content identifier as IPFS writes them (version 1, raw, sha2-256). The digest is not that of the content.
func cid(digest market.Pubkey) string {
	raw := append([]byte{0x01, 0x55, 0x12, 0x20}, digest[:]...)
	return "b" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw))
}

type tokenName struct{ name, symbol, about string }

// tokenNames are the tokens of the demo market. None of them exists anywhere.
var tokenNames = []tokenName{
	{"Moon Otter", "MOTTER", "An otter that floats on its back and looks at the moon."},
	{"Quiet Panda", "QPANDA", "Says little, holds a lot."},
	{"Lamp Goblin", "LAMPG", "Collects lamports. All of them."},
	{"Turbo Snail", "TSNAIL", "Slow is smooth, smooth is fast."},
	{"Salty Pretzel", "PRTZL", "Twisted since block one."},
	{"Captain Gecko", "GECKO9", "Sticks to the ceiling."},
	{"Paper Dragon", "PDRGN", "Fierce until it rains."},
	{"Velvet Crab", "VCRAB", "Moves sideways with style."},
	{"Disco Yeti", "DYETI", "Seen only at night, always dancing."},
	{"Lazy Comet", "LCOMT", "Comes back every seventy-six years."},
	{"Honest Fox", "HFOX", "Would never trade on it."},
	{"Bread Cat", "BRCAT", "A cat in the shape of a loaf."},
	{"Midnight Toast", "TOAST", "Best served late."},
	{"Tiny Whale", "TWHALE", "Small splash, big dreams."},
	{"Pixel Goose", "PXGOO", "Eight bits of trouble."},
	{"Frozen Mango", "FRMNGO", "Sweet, cold and volatile."},
	{"Rusty Robot", "RUSTYR", "Memory safe."},
	{"Cosmic Noodle", "NOODL", "The string theory that tastes good."},
	{"Sleepy Bull", "SBULL", "Do not wake."},
	{"Cactus Hug", "CHUG", "It hurts, but in a nice way."},
	{"Banjo Bear", "BBEAR", "Plays the downtrend."},
	{"Ghost Pepper", "GPEPR", "Hot on the way in."},
	{"Umbrella Duck", "UMDUCK", "Prepared for drawdowns."},
	{"Kite Monkey", "KMONK", "Goes up when there is wind."},
	{"Ninth Planet", "NINTH", "Nobody found it yet."},
	{"Cheddar Knight", "CHKNT", "Guards the wheel."},
	{"Signal Hare", "SHARE", "First to every slot."},
	{"Copper Koi", "CKOI", "Swims against the stream."},
	{"Dusty Wizard", "DWIZ", "Turns fees into foam."},
	{"Maple Moose", "MMOOSE", "Polite and very large."},
	{"Neon Beetle", "NBTL", "Glows at all-time highs."},
	{"Polar Llama", "PLLAMA", "Warm wool, cold hands."},
	{"Square Orange", "SQORG", "Packs well."},
	{"Thunder Mole", "TMOLE", "Digs in before the storm."},
	{"Waffle Iron", "WAFL", "Prints squares."},
	{"Zen Pigeon", "ZPIGN", "Unmoved by crumbs."},
	{"Amber Ant", "AMANT", "Preserved for ages."},
	{"Blue Cork", "BCORK", "Never stays under for long."},
	{"Curly Fry", "CFRY", "Its chart looks like it."},
	{"Echo Bat", "EBAT", "Finds support in the dark."},
	{"Gravity Frog", "GFROG", "What jumps must come down."},
	{"Harbor Seal", "HSEAL", "Claps at every candle."},
}
