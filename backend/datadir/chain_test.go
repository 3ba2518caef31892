package datadir

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"spinscope/backend/config"
)

// A chain file that is empty, cut anywhere or full of zeros is damaged, and no other market; what admit writes is read back,
// and so is a line without a program, as early versions wrote it.
func TestDamagedChainFile(t *testing.T) {
	d := Dir{Path: t.TempDir(), Cluster: "mainnet", Program: config.Default().Solana.ProgramID}
	const genesis = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"
	if err := d.Admit(genesis); err != nil {
		t.Fatal(err)
	}

	whole, err := os.ReadFile(d.chainFile())
	if err != nil {
		t.Fatal(err)
	}

	damages := [][]byte{{}, make([]byte, len(whole)), []byte("\n"), append(make([]byte, 20), whole[20:]...), append(bytes.Clone(whole), 0)}
	for n := range whole {
		damages = append(damages, whole[:n])
	}

	for _, damage := range damages {
		if err := os.WriteFile(d.chainFile(), damage, 0o600); err != nil {
			t.Fatal(err)
		}
		for what, err := range map[string]error{"admit": d.Admit(genesis), "program": d.CheckProgram()} {
			if !errors.Is(err, ErrChainFile) || errors.Is(err, ErrOtherChain) || !strings.Contains(err.Error(), d.chainFile()) {
				t.Errorf("%q: %s: %v", damage, what, err)
			}
		}
		if now, err := os.ReadFile(d.chainFile()); err != nil || !bytes.Equal(now, damage) {
			t.Errorf("%q became %q, %v", damage, now, err)
		}
	}

	for _, text := range []string{string(whole), genesis + "\n"} {
		if err := os.WriteFile(d.chainFile(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(d.Admit(genesis), d.CheckProgram()); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if err := d.Admit("4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY"); !errors.Is(err, ErrOtherChain) {
			t.Errorf("%q: another chain: %v", text, err)
		}
	}
}
