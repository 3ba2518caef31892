package datadir

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spinscope/backend/config"
	"spinscope/backend/store"
)

// A market of another program gets a place of its own, and the first one finds its again.
func TestStoreDirs(t *testing.T) {
	dir := t.TempDir()
	at := func(cluster, program string) string {
		d := Dir{Path: dir, Cluster: cluster, Program: program, Transient: cluster == "demo"}
		return filepath.Base(d.Store())
	}
	const other = "11111111111111111111111111111112"
	if got := at("devnet", other); got != "devnet" {
		t.Errorf("a first market is in %s", got)
	}

	d := Dir{Path: dir, Cluster: "devnet", Program: config.DefaultProgramID}
	if err := d.Admit("GENESIS"); err != nil {
		t.Fatal(err)
	}
	d.Program = other
	if err := d.CheckProgram(); err != nil {
		t.Fatal(err)
	}

	if err := d.Admit("GENESIS"); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][3]string{
		{"devnet", config.DefaultProgramID, "devnet"}, {"devnet", other, "devnet-11111111"}, {"mainnet", other, "mainnet"}, {"demo", other, "demo"},
	} {
		if got := at(c[0], c[1]); got != c[2] {
			t.Errorf("%s of %s is in %s, want %s", c[0], c[1], got, c[2])
		}
	}

	// What it says to remove is this market, and not the one of another program beside it.
	err := d.Admit("OTHER")
	if !errors.Is(err, ErrOtherChain) || strings.Contains(err.Error(), "*") || !strings.HasSuffix(err.Error(), "remove "+d.Store()+" and "+d.chainFile()) {
		t.Errorf("another chain: %v", err)
	}
}

// A command that finds the store in use names the server's address, as plain text too when an editor has put a byte order
// mark before it.
func TestHolderIsNamed(t *testing.T) {
	d := Dir{Path: t.TempDir(), Cluster: "devnet", Program: config.DefaultProgramID}
	held, err := store.Open(store.Options{Dir: d.Store()})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := os.WriteFile(filepath.Join(d.Path, addressFile), []byte("\ufeff127.0.0.1:5051\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	opened, err := d.OpenExisting(store.Options{ReadOnly: true})
	if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), "it serves http://127.0.0.1:5051/") {
		t.Errorf("opened %v, %v", opened != nil, err)
	}
}
