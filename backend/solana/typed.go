package solana

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"github.com/gagliardetto/solana-go/rpc"
	"github.com/gagliardetto/solana-go/rpc/jsonrpc"
	"github.com/valyala/fastjson"
)

// ask is one call of solana-go's client.
type ask func(ctx context.Context, node *rpc.Client) error

// typed is a call of solana-go's client as one of ours, so that pace, batches, retries and redaction stay those of
// rpcClient. The client's method runs twice: once to say what it asks, and once more when the answer is there. So it may
// write down its result each time, of which the last one counts.
func typed(asks ask) *call {
	return raw(asks, func(result *fastjson.Value) error {
		err := asks(context.Background(), rpc.NewWithCustomRPCClient(&exchange{answer: result}))
		if errors.Is(err, rpc.ErrNotFound) || errors.Is(err, rpc.ErrNotConfirmed) {
			return fmt.Errorf("%w: nothing was found", errResponse)
		}
		return err
	})
}

// raw is a call whose question is that of solana-go's client, and whose answer we read ourselves: where only a part of it
// is needed (BenchmarkBesideSolanaGo has the ratios), or where a provider may leave out what the type holds.
func raw(asks ask, decode func(result *fastjson.Value) error) *call {
	var question exchange
	if err := asks(context.Background(), rpc.NewWithCustomRPCClient(&question)); !errors.Is(err, errAsked) {
		panic(fmt.Sprintf("%s: %v", question.method, err)) // the method refuses its own arguments
	}
	return &call{method: question.method, params: question.params, decode: decode}
}

// errAsked ends the first run of a call.
var errAsked = errors.New("asked")

// exchange stands between solana-go's client and ours, for one call. It implements rpc.JSONRPCClient.
type exchange struct {
	method, params string
	answer         *fastjson.Value // nil in the first run
}

// CallForInto implements rpc.JSONRPCClient: it notes the question, or fills in the answer.
func (e *exchange) CallForInto(_ context.Context, out any, method string, params []any) error {
	if e.answer != nil {
		// Where null is no answer it would leave a zero behind, and what went wrong may quote a key.
		if kind := reflect.TypeOf(out).Elem().Kind(); e.answer.Type() == fastjson.TypeNull && kind != reflect.Pointer ||
			json.Unmarshal(e.answer.MarshalTo(nil), out) != nil {
			return fmt.Errorf("%w to %s", errResponse, method)
		}
		return nil
	}

	text := []byte("[]")
	if params != nil {
		var err error
		if text, err = json.Marshal(params); err != nil {
			return err
		}
	}

	e.method, e.params = method, string(text)
	return errAsked
}

// CallWithCallback implements rpc.JSONRPCClient. No call that is used here needs it.
func (*exchange) CallWithCallback(_ context.Context, method string, _ []any, _ func(*http.Request, *http.Response) error) error {
	return fmt.Errorf("%s: %w", method, errors.ErrUnsupported)
}

// CallBatch implements rpc.JSONRPCClient. Batches are made by rpcClient.
func (*exchange) CallBatch(context.Context, jsonrpc.RPCRequests) (jsonrpc.RPCResponses, error) {
	return nil, errors.ErrUnsupported
}
