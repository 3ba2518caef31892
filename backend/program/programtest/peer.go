package programtest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// Peer is an event as the npm package of its program decodes it.
type Peer struct {
	Name   string // camelCase, with "Event"; "" for one that the package does not know
	Fields map[string]json.RawMessage
}

// Peers has the npm packages of the programs decode events. The test is skipped, loudly, without Node.js, and where the
// packages cannot be installed.
func Peers(t *testing.T, address market.Pubkey, events [][]byte) []Peer {
	t.Helper()
	return decoded(t, address, "", events)
}

// PeerAccounts is Peers for accounts of one kind, by the name that the package gives it.
func PeerAccounts(t *testing.T, address market.Pubkey, kind string, accounts [][]byte) []Peer {
	t.Helper()
	return decoded(t, address, kind, accounts)
}

func decoded(t *testing.T, address market.Pubkey, account string, events [][]byte) []Peer {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: %s is not installed, so the programs' own decoders were not asked", tool)
		}
	}

	dir, err := filepath.Abs("../programtest/npm")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()

	install(ctx, t, dir)

	var lines bytes.Buffer
	for _, event := range events {
		line, _ := json.Marshal(map[string]string{"program": address.String(), "account": account, "base64": base64.StdEncoding.EncodeToString(event)})
		lines.Write(append(line, '\n'))
	}

	command := exec.CommandContext(ctx, "node", "decode.cjs")
	command.Dir, command.Stdin = dir, &lines
	var failure bytes.Buffer
	command.Stderr = &failure
	out, err := command.Output()
	if err != nil {
		t.Fatalf("the packages' decoders: %v\n%s", err, &failure)
	}

	var peers []Peer
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var peer Peer
		if err := decoder.Decode(&peer); err != nil {
			t.Fatal(err)
		}
		peers = append(peers, peer)
	}

	if len(peers) != len(events) {
		t.Fatalf("%d answers for %d events", len(peers), len(events))
	}
	return peers
}

// Written makes so many events of each layout with random fields, in its longest generation, and their bytes.
func Written(r *rand.Rand, layouts []Layout, each int) (bodies []program.Growing, events [][]byte) {
	for _, layout := range layouts {
		for range each {
			body := layout.New()
			Fill(r, body)
			*body.Behind() = program.Tail{Parts: uint8(len(layout.Sizes) - 1)} //nolint:gosec // a few
			bodies, events = append(bodies, body), append(events, program.Append(nil, body))
		}
	}
	return bodies, events
}

// Number is a field of the package that is a number.
func (p *Peer) Number(t *testing.T, name string) *big.Rat {
	t.Helper()
	var text string
	if err := json.Unmarshal(p.Fields[name], &text); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	value, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%s is %s", name, text)
	}
	return value
}

// ExactPrice compares a price with above over below, in base units of what has so many decimals. It reports whether there is
// one: where the exact one does not fit, err must say so.
func ExactPrice(t *testing.T, price market.Price, err error, above, below *big.Rat, aboveDecimals, belowDecimals int) bool {
	t.Helper()
	exact := new(big.Rat).Quo(above, below)
	exact.Mul(exact, new(big.Rat).SetFrac(power10(market.PriceDecimals+belowDecimals), power10(aboveDecimals)))
	floor := new(big.Int).Quo(exact.Num(), exact.Denom())
	if floor.BitLen() > 128 {
		if !errors.Is(err, market.ErrOverflow) {
			t.Errorf("price %s, %v; exact %s", price, err, exact)
		}
		return false
	}
	if err != nil || market.U128(price).Big().Cmp(floor) != 0 {
		t.Errorf("price %s, %v; exact %s", price, err, exact)
	}
	return true
}

func power10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// install gets the packages once. The tests of several programs may want them at the same moment: they are installed beside
// their place, and whoever comes second finds them there.
func install(ctx context.Context, t *testing.T, dir string) {
	t.Helper()
	modules := filepath.Join(dir, "node_modules")
	if _, err := os.Stat(modules); err == nil {
		return
	}

	scratch, err := os.MkdirTemp(dir, ".install-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(scratch) //nolint:errcheck // it is scratch

	for _, name := range []string{"package.json", "package-lock.json"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(scratch, name), data, 0o600); err != nil { //nolint:gosec // two names of our own
			t.Fatal(err)
		}
	}

	command := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts")
	command.Dir = scratch
	if out, err := command.CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: the programs' own decoders cannot be installed, so they were not asked: %v\n%s", err, out)
	}

	if err := os.Rename(filepath.Join(scratch, "node_modules"), modules); err != nil {
		if _, there := os.Stat(modules); there != nil {
			t.Fatal(err)
		}
	}
}

// DiffersFromPeer compares a body with what the package finds in its bytes. newer are the body's fields, in lower case, that
// the package, which is older than the layout's last generation, does not know: it must not name them, and everything else
// must be the same.
func DiffersFromPeer(body market.Body, peer Peer, names map[string]string, newer ...string) (list []string) {
	for _, difference := range Differences(body, peer.Fields, names) {
		name, _, _ := strings.Cut(difference, " is ")
		if !slices.Contains(newer, name) || !strings.HasSuffix(difference, unnamed) {
			list = append(list, difference)
		}
	}
	for name := range peer.Fields {
		if slices.Contains(newer, strings.ToLower(name)) {
			list = append(list, name+" is known to the package")
		}
	}
	return list
}
