package simnet

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strings"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/spinpet"
	accounts "spinscope/backend/program/token"
)

// token is what the metadata of a token is made from.
type token struct {
	mint                market.Pubkey
	name, symbol, about string
	metadata, picture   string // content identifiers
	created             int64
	spinpet             bool // it is the market's own; of coins the launchpad keeps the accounts
}

// spinpetSupply is that of the market's own mints, in base units.
const spinpetSupply = 1_073_000_000_000_000

// keep takes in a token: its document and picture and, of the market's own mints, the accounts that a cluster has of them.
func (n *Net) keep(t *token) {
	n.tokens[t.metadata], n.tokens[t.picture] = t, t
	if !t.spinpet {
		return
	}

	n.kept[t.mint] = program.Account{Owner: accounts.Program, Data: accounts.AppendMint(nil, accounts.Mint{Supply: spinpetSupply, Decimals: market.TokenDecimals})}
	if n.cfg.Derive == nil {
		return
	}
	if at, err := accounts.MetadataAddress(n.cfg.Derive, t.mint); err == nil { // no address, no account
		said := accounts.Metadata{Name: t.name, Symbol: t.symbol, URI: "ipfs://" + t.metadata}
		n.kept[at] = program.Account{Owner: accounts.MetadataProgram, Data: accounts.AppendMetadata(nil, t.mint, said)}
	}
	// Who asks whose coin it is looks at who owns its curve. The ledger names another address of it, which needs no deriving.
	if at, err := spinpet.CurveAddress(n.cfg.Derive, n.cfg.Program, t.mint); err == nil {
		n.kept[at] = program.Account{Owner: n.cfg.Program}
	}
}

// serveIPFS answers as an IPFS gateway does, for the tokens of this market.
func (n *Net) serveIPFS(w http.ResponseWriter, r *http.Request) {
	id := strings.TrimPrefix(r.URL.Path, "/ipfs/")
	n.chain.mu.RLock()
	about := n.tokens[id]
	n.chain.mu.RUnlock()
	switch {
	case about == nil:
		http.Error(w, "no such content", http.StatusNotFound)
	case id == about.metadata:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{ // a client that left is no concern
			"name": about.name, "symbol": about.symbol, "description": about.about, "image": "ipfs://" + about.picture,
			"showName": true, "createdOn": "https://spinpet.example", "twitter": "", "telegram": "",
			"website": "https://" + strings.ToLower(about.symbol) + ".example",
		})
	default:
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(picture(about.mint))
	}
}

var inks = [...]color.RGBA{
	{255, 107, 107, 255},
	{255, 169, 77, 255},
	{255, 212, 59, 255},
	{169, 227, 75, 255},
	{105, 219, 124, 255},
	{56, 217, 169, 255},
	{59, 201, 219, 255},
	{77, 171, 247, 255},
	{116, 143, 252, 255},
	{151, 117, 250, 255},
	{218, 119, 242, 255},
	{247, 131, 172, 255},
}

// picture is a mirrored pattern in two colours that depends on the address, 96 by 96 pixels.
func picture(mint market.Pubkey) []byte {
	const cells, cell, margin = 7, 12, 6
	ink := inks[int(mint[0])%len(inks)]
	paper := color.RGBA{ink.R / 6, ink.G / 6, ink.B / 5, 255}
	img := image.NewPaletted(image.Rect(0, 0, cells*cell+2*margin, cells*cell+2*margin), color.Palette{paper, ink})
	for y := range cells * cell {
		for x := range cells * cell {
			column := min(x/cell, cells-1-x/cell)
			if mint[1+y/cell*4+column]&1 == 1 {
				img.SetColorIndex(x+margin, y+margin, 1)
			}
		}
	}
	var out bytes.Buffer
	_ = png.Encode(&out, img) // cannot fail: a buffer, and a picture with a size
	return out.Bytes()
}
