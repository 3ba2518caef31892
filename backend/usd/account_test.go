package usd

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/solana"
)

// recorded are accounts of the feed as mainnet kept them, from public recordings, and what another decoder says of them.
var recorded = []struct {
	data  string
	want  Price
	text  string
	float float64
}{
	{
		"IvEjY51+9M1gMUcENA3t3zcf1CRyFI8kjp0abRpesqw6zYt/1dayQwHvDYtv2izrpB2hXUCV0do5Kg0vjtDGx7wPTPrIwoC1beNDCsMCAAAAd+YyAAAAAAD4////Av3FagAAAAAB/cVqAAAAAHipn8MCAAAAYp0mAAAAAACN/REbAAAAAAA=",
		Price{Units: 11862164451, Confidence: 3335799, Exponent: -8, Published: 1_791_360_258},
		"118.62164451", 118.62164451,
	},
	{
		"IvEjY51+9M1gMUcENA3t3zcf1CRyFI8kjp0abRpesqw6zYt/1dayQwHvDYtv2izrpB2hXUCV0do5Kg0vjtDGx7wPTPrIwoC1bUg6yWACAAAAcCoUAAAAAAD4////+L2WagAAAAD3vZZqAAAAAN6t52ECAAAADrETAAAAAAA/BW4aAAAAAAA=",
		Price{Units: 10213734984, Confidence: 1321584, Exponent: -8, Published: 1_788_263_928},
		"102.13734984", 102.13734984,
	},
	{
		"IvEjY51+9M1gMUcENA3t3zcf1CRyFI8kjp0abRpesqw6zYt/1dayQwHvDYtv2izrpB2hXUCV0do5Kg0vjtDGx7wPTPrIwoC1bYBUWC0FAAAAzf1XAQAAAAD4////ZgB8ZwAAAABmAHxnAAAAAJyXUCEFAAAAKz4UAQAAAAB68JwSAAAAAAA=",
		Price{Units: 22235600000, Confidence: 22543821, Exponent: -8, Published: 1_736_179_814},
		"222.356", 222.356,
	},
}

func kept(t *testing.T, data string) *program.Account {
	t.Helper()
	bytes, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	return &program.Account{Owner: Owner, Data: bytes}
}

func TestRecordedAccounts(t *testing.T) {
	for _, c := range recorded {
		got, err := ReadAccount(kept(t, c.data))
		if err != nil || got != c.want || got.String() != c.text || got.Float() != c.float {
			t.Errorf("%+v, %s, %v, %v; want %+v", got, got, got.Float(), err, c.want)
		}
	}
}

// TestAddressIsTheFeeds: the account is that of the push oracle for the feed, by its public seeds.
func TestAddressIsTheFeeds(t *testing.T) {
	oracle := market.MustPubkey("pythWSnswVUd12oZpeFP8e9CVaEqJg25g1Vtc2biRsT")
	got, err := solana.ProgramAddress(oracle, []byte{0, 0}, feed)
	if err != nil || got != Address {
		t.Errorf("%s, %v", got, err)
	}
}

func TestAccountsThatAreSomethingElse(t *testing.T) {
	for name, spoil := range map[string]func(a *program.Account){
		"nothing there":    func(a *program.Account) { *a = program.Account{} },
		"another owner":    func(a *program.Account) { a.Owner[0]++ },
		"too short":        func(a *program.Account) { a.Data = a.Data[:length-1] },
		"another kind":     func(a *program.Account) { a.Data[0]++ },
		"verified in part": func(a *program.Account) { a.Data[levelAt] = 0 },
		"another feed":     func(a *program.Account) { a.Data[feedAt]++ },
		"no price":         func(a *program.Account) { binary.LittleEndian.PutUint64(a.Data[priceAt:], 0) },
		"below zero":       func(a *program.Account) { a.Data[priceAt+7] = 0x80 },
		"a vast exponent":  func(a *program.Account) { binary.LittleEndian.PutUint32(a.Data[exponentAt:], 1) },
		"a tiny exponent":  func(a *program.Account) { binary.LittleEndian.PutUint32(a.Data[exponentAt:], uint32(0xffffffff-18)) },
		"no time":          func(a *program.Account) { binary.LittleEndian.PutUint64(a.Data[timeAt:], 0) },
	} {
		account := kept(t, recorded[0].data)
		spoil(account)
		if got, err := ReadAccount(account); !errors.Is(err, errAccount) || got != (Price{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// TestAppendedAccountsReadBack: what a simulated cluster keeps is what is read, and its text is the exact number.
func TestAppendedAccountsReadBack(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test's
	for range 2000 {
		want := Price{
			Units: 1 + random.Int64N(math.MaxInt64>>random.IntN(60)), Confidence: random.Uint64(), Exponent: -random.IntN(19),
			Published: 1 + random.Int64N(1<<40),
		}
		got, err := ReadAccount(&program.Account{Owner: Owner, Data: AppendAccount([]byte("before"), want, 7)[len("before"):]})
		if err != nil || got != want {
			t.Fatalf("%+v, %v, want %+v", got, err, want)
		}

		exact, ok := new(big.Rat).SetString(got.String())
		units := new(big.Rat).SetFrac(big.NewInt(want.Units), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-want.Exponent)), nil))
		if !ok || exact.Cmp(units) != 0 {
			t.Fatalf("%+v reads as %s", want, got)
		}
		if near, _ := units.Float64(); math.Abs(near-got.Float()) > near*1e-15 {
			t.Fatalf("%+v is %v, not %v", want, got.Float(), near)
		}
	}
}
