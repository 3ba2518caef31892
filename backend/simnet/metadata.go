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
)

// token is what the metadata of a token is made from.
type token struct {
	mint                market.Pubkey
	name, symbol, about string
	metadata, picture   string // content identifiers
	created             int64
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

// picture is a mirrored pattern in two colours that depends on the address, 96 by 96 pixels.
func picture(mint market.Pubkey) []byte {
	const cells, cell, margin = 5, 16, 8
	ink := color.RGBA{80 + mint[0]/2, 80 + mint[1]/2, 80 + mint[2]/2, 255}
	paper := color.RGBA{ink.R / 5, ink.G / 5, ink.B / 4, 255}
	img := image.NewPaletted(image.Rect(0, 0, cells*cell+2*margin, cells*cell+2*margin), color.Palette{paper, ink})
	for y := range cells * cell {
		for x := range cells * cell {
			column := min(x/cell, cells-1-x/cell)
			if mint[3+y/cell*3+column]&1 == 1 {
				img.SetColorIndex(x+margin, y+margin, 1)
			}
		}
	}
	var out bytes.Buffer
	_ = png.Encode(&out, img) // cannot fail: a buffer, and a picture with a size
	return out.Bytes()
}
