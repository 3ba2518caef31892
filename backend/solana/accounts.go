package solana

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// MaxAccounts is how many accounts Accounts reads at once.
const MaxAccounts = 100

// ErrNotConnected is returned by Feed.Accounts while there is no connection.
var ErrNotConnected = errors.New("not connected")

// Accounts reads at most MaxAccounts accounts as they are now, in the order of the addresses, from the first endpoint that
// answers; those of addresses where there is nothing are zero. The error is that of the last one, redacted.
func Accounts(ctx context.Context, endpoints []Endpoint, commitment string, addresses ...market.Pubkey) ([]program.Account, error) {
	if len(addresses) > MaxAccounts {
		return nil, fmt.Errorf("%d accounts at once, at most %d", len(addresses), MaxAccounts)
	}

	err := errors.New("no endpoint to ask")
	for _, endpoint := range endpoints {
		var list []program.Account
		if list, err = accountsOf(ctx, endpoint, commitment, addresses); err == nil || ctx.Err() != nil {
			return list, err
		}
	}
	return nil, err
}

// Accounts reads at most MaxAccounts accounts as they are now, in the order of the addresses, over the connection in use and at
// its pace; those of addresses where there is nothing are zero. It returns ErrNotConnected between two connections. What else
// fails is redacted. Safe for concurrent use.
func (f *Feed) Accounts(ctx context.Context, addresses ...market.Pubkey) ([]program.Account, error) {
	if len(addresses) > MaxAccounts {
		return nil, fmt.Errorf("%d accounts at once, at most %d", len(addresses), MaxAccounts)
	}

	f.mu.Lock()
	c := f.running
	f.mu.Unlock()
	if c == nil {
		return nil, ErrNotConnected
	}
	l := c.link.Load()
	if l == nil {
		return nil, ErrNotConnected
	}
	return askAccounts(ctx, l.rpc, c.config.readable(), addresses)
}

func accountsOf(ctx context.Context, endpoint Endpoint, commitment string, addresses []market.Pubkey) ([]program.Account, error) {
	node := newRPC(endpoint, 0, time.Second)
	defer node.close()
	return askAccounts(ctx, node, commitment, addresses)
}

func askAccounts(ctx context.Context, node *rpcClient, commitment string, addresses []market.Pubkey) ([]program.Account, error) {
	var list []program.Account
	one := accountsCall(commitment, addresses, &list)
	err := node.do(ctx, 2, one)
	if err == nil {
		err = one.err
	}
	if err != nil {
		return nil, fmt.Errorf("getMultipleAccounts at %s: %w", node.name, err)
	}
	return list, nil
}

// accountsCall asks for accounts.
func accountsCall(commitment string, addresses []market.Pubkey, to *[]program.Account) *call {
	keys := make([]solana.PublicKey, len(addresses))
	for i, address := range addresses {
		keys[i] = solana.PublicKey(address)
	}

	return typed(func(ctx context.Context, node *rpc.Client) error {
		options := rpc.GetMultipleAccountsOpts{Encoding: solana.EncodingBase64, Commitment: rpc.CommitmentType(commitment)}
		answer, err := node.GetMultipleAccountsWithOpts(ctx, keys, &options)
		if err != nil {
			return err
		}
		if answer == nil || len(answer.Value) != len(keys) {
			return fmt.Errorf("%w: another number of accounts than were asked for", errResponse)
		}

		list := make([]program.Account, len(keys))
		for i, value := range answer.Value {
			if value != nil {
				list[i] = program.Account{Owner: market.Pubkey(value.Owner), Data: value.Data.GetBinary()}
			}
		}

		*to = list
		return nil
	})
}
