package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gagliardetto/solana-go/rpc"

	"spinscope/backend/market"
	"spinscope/backend/porttest"
	"spinscope/backend/program"
)

// testValidator is the genuine node that `make soak` follows.
const testValidator = "solana-test-validator"

// soakDrive is what it is followed through.
var soakDrive = drive{before: 150, opening: 120, live: 40, kills: 12}

// TestGenuineValidator drives a genuine node: real RPC, PubSub, blocks and finality, with a server that is killed while it follows
// pump, PumpSwap and SpinPet, and in the end the node's own answers. Only `make soak` runs it, where the node is on the PATH.
func TestGenuineValidator(t *testing.T) {
	if !soak {
		t.Skip("SKIPPED: make soak runs it")
	}
	need(t, "a genuine validator", "clang", testValidator)
	node := startValidator(t, soakDrive.programs(), soakDrive.accounts())
	newDriver(t, node.rpc, soakDrive).follow(node)
	node.kill()
}

// startValidator starts a node of a fresh chain with the program that does what it is told at the addresses, and with the accounts.
func startValidator(t *testing.T, programs []string, accounts map[string]program.Account) *cluster {
	t.Helper()
	dir := t.TempDir()
	kept := filepath.Join(dir, "accounts")
	if err := writeAccounts(kept, accounts); err != nil {
		t.Fatal(err)
	}

	v := validator{ledger: filepath.Join(dir, "ledger"), accounts: kept, object: buildProgram(t), programs: programs, port: freePorts(t, validatorPorts)}
	out := &capture{}
	node := &cluster{rpc: v.url("http", 0), ws: v.url("ws", 1)}
	t.Cleanup(func() { // after that of the process, which comes later
		if t.Failed() {
			t.Logf("%s said:\n%.4000s\n%s", testValidator, out, lastLines(filepath.Join(v.ledger, "validator.log"), 40))
		}
	})
	node.process = launch(t, testValidator, environment(t), out, append([]string{testValidator}, v.arguments()...)...)

	client := rpc.New(node.rpc)
	defer func() { _ = client.Close() }()
	await(t, "the validator", func() error {
		if err := node.alive(); err != nil {
			t.Fatal(err)
		}
		slot, err := client.GetSlot(t.Context(), rpc.CommitmentFinalized)
		if err == nil && slot == 0 {
			err = errNotYet
		}
		return err
	})
	if version, err := client.GetVersion(t.Context()); err == nil {
		t.Logf("%s %s", testValidator, version.SolanaCore)
	}
	return node
}

// validator is how the node is started.
type validator struct {
	ledger, accounts, object string // directories, and the program's file
	programs                 []string
	port                     int // the first of validatorPorts
}

// validatorPorts is how many ports the node has: RPC, PubSub, which is always the next, faucet, gossip, and a range, of which it wants 25.
const validatorPorts = 4 + 60

func (v *validator) url(scheme string, n int) string {
	return scheme + "://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(v.port+n))
}

// arguments keep the node on the loopback, but for its faucet, which cannot be told where to listen, and keep the whole chain, of
// which it else forgets what is older than some minutes.
func (v *validator) arguments() []string {
	port := func(n int) string { return strconv.Itoa(v.port + n) }
	list := []string{
		"--quiet", "--reset", "--ledger", v.ledger, "--limit-ledger-size", "200000000", "--bind-address", "127.0.0.1",
		"--rpc-port", port(0), "--faucet-port", port(2), "--gossip-port", port(3), "--dynamic-port-range", port(4) + "-" + port(validatorPorts-1),
		"--account-dir", v.accounts,
	}
	for _, program := range v.programs {
		list = append(list, "--bpf-program", program, v.object)
	}
	return list
}

// writeAccounts writes what `solana account --output json` would say of each account, a file each.
func writeAccounts(dir string, accounts map[string]program.Account) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for at, account := range accounts {
		text, err := json.Marshal(map[string]any{"pubkey": at, "account": map[string]any{
			"lamports": 1_000_000_000, "data": []any{account.Data, "base64"}, "owner": account.Owner.String(), "executable": false,
			"rentEpoch": 0, "space": len(account.Data),
		}})
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, at+".json"), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// freePorts is the first of so many ports in a row that nobody listens on.
func freePorts(t *testing.T, count int) int {
	t.Helper()
	var config net.ListenConfig
	var first int
	await(t, fmt.Sprintf("%d free ports in a row", count), func() error {
		_, text, err := net.SplitHostPort(porttest.Free(t))
		if err != nil {
			return err
		}
		if first, err = strconv.Atoi(text); err != nil {
			return err
		}

		for n := range count {
			listener, err := config.Listen(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(first+n)))
			if err == nil {
				err = listener.Close()
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return first
}

// lastLines are those of a file, or why it cannot be read.
func lastLines(path string, count int) string {
	text, err := os.ReadFile(path) //nolint:gosec // of the test
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}

// TestValidatorsArguments looks at how the node is started, which no machine without one can try: on the loopback alone, each port
// its own, each program at its address, and accounts as its own tools write them, which hold what the launchpad says.
func TestValidatorsArguments(t *testing.T) {
	t.Parallel()
	plan := drive{opening: 24}
	v := validator{ledger: "/l", accounts: filepath.Join(t.TempDir(), "accounts"), object: "/p.so", programs: plan.programs(), port: freePorts(t, validatorPorts)}
	arguments := v.arguments()
	value := func(flag string) string {
		t.Helper()
		at := slices.Index(arguments, flag)
		if at < 0 {
			t.Fatalf("no %s in %q", flag, arguments)
		}
		return arguments[at+1]
	}

	if value("--bind-address") != "127.0.0.1" || value("--ledger") != "/l" || value("--account-dir") != v.accounts {
		t.Errorf("%q", arguments)
	}
	ports := map[string]bool{strconv.Itoa(v.port + 1): true} // of PubSub
	first, last, _ := strings.Cut(value("--dynamic-port-range"), "-")
	for _, port := range []string{value("--rpc-port"), value("--faucet-port"), value("--gossip-port"), first, last} {
		if ports[port] {
			t.Errorf("port %s twice in %q", port, arguments)
		}
		ports[port] = true
	}
	from, err := strconv.Atoi(first)
	to, more := strconv.Atoi(last)
	if err = errors.Join(err, more); err != nil || to-from < 25 || to >= v.port+validatorPorts {
		t.Errorf("range %s-%s: %v", first, last, err)
	}
	if v.url("http", 0) != "http://127.0.0.1:"+value("--rpc-port") || v.url("ws", 1) != fmt.Sprintf("ws://127.0.0.1:%d", v.port+1) {
		t.Errorf("RPC at %s and PubSub at %s, with %q", v.url("http", 0), v.url("ws", 1), arguments)
	}

	var at []string
	for i, argument := range arguments {
		if argument == "--bpf-program" {
			at = append(at, arguments[i+1])
			if arguments[i+2] != "/p.so" {
				t.Errorf("program %q", arguments[i+1:i+3])
			}
		}
	}
	if !slices.Equal(at, v.programs) || len(unique(at)) != 6 {
		t.Errorf("programs at %q, want %q", at, v.programs)
	}

	accounts := plan.accounts()
	if err := writeAccounts(v.accounts, accounts); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(v.accounts, "*.json"))
	if err != nil || len(files) != len(accounts) || len(accounts) < 2*len(plan.world().Coins()) {
		t.Fatalf("%d files of %d accounts: %v", len(files), len(accounts), err)
	}
	for _, file := range files {
		got, err := readAccount(file)
		want := accounts[strings.TrimSuffix(filepath.Base(file), ".json")]
		if err != nil || got.Owner != want.Owner || !slices.Equal(got.Data, want.Data) {
			t.Errorf("%s: %+v: %v, want %+v", file, got, err, want)
		}
	}
}

// readAccount reads a file by the types of a node's own answers.
func readAccount(file string) (account program.Account, err error) {
	text, err := os.ReadFile(file) //nolint:gosec // of the test
	if err != nil {
		return account, err
	}
	var kept rpc.KeyedAccount
	if err := json.Unmarshal(text, &kept); err != nil {
		return account, err
	}
	if kept.Pubkey.String()+".json" != filepath.Base(file) || kept.Account.Lamports == 0 || kept.Account.Executable {
		return account, fmt.Errorf("%+v", kept)
	}
	return program.Account{Owner: market.Pubkey(kept.Account.Owner), Data: kept.Account.Data.GetBinary()}, nil
}

// TestLastLines reads logs.
func TestLastLines(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "log")
	if got := lastLines(file, 2); !strings.Contains(got, "no such file") {
		t.Error(got)
	}
	if err := os.WriteFile(file, []byte("one\ntwo\nthree\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := lastLines(file, 2); got != "two\nthree" {
		t.Error(got)
	}
}
