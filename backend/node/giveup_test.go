package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"spinscope/backend/datadir"
	"spinscope/backend/edge"
)

// A copy that is of no more use is removed by an edge, which has nothing but copies. Any other node keeps it and says what to do,
// whether it wrote or stood by. A store in which nothing is yet goes on any node.
func TestGivingUpACopy(t *testing.T) {
	other := errors.New("something else")
	for _, test := range []struct {
		cause      error
		edge, node bool // whether such a node removes it
		advice     bool // whether a node that keeps it says to move it away
	}{
		{edge.ErrBehind, true, false, true},
		{edge.ErrDiffers, true, false, true},
		{errBusOther, true, false, false},
		{errEmpty, true, true, false},
		{other, false, false, false},
		{context.Canceled, false, false, false},
	} {
		for _, isEdge := range []bool{true, false} {
			dir := &datadir.Dir{Path: t.TempDir()}
			if err := os.MkdirAll(dir.Store(), 0o700); err != nil {
				t.Fatal(err)
			}
			n := &node{Options: Options{Edge: isEdge, Dir: func() *datadir.Dir { return dir }, Logger: slog.New(slog.DiscardHandler)}}

			cause := fmt.Errorf("it ended: %w", test.cause)
			err := n.giveUp(cause)
			removed, advice := test.node, test.advice
			if isEdge {
				removed, advice = test.edge, false
			}
			if removed != (err == nil) || !removed && !errors.Is(err, test.cause) {
				t.Errorf("%v, edge %v: %v", cause, isEdge, err)
			}
			if _, gone := os.Stat(dir.Store()); removed != errors.Is(gone, os.ErrNotExist) {
				t.Errorf("%v, edge %v: the store: %v", cause, isEdge, gone)
			}
			if err != nil && advice != strings.HasSuffix(err.Error(), ": move "+dir.Store()+" away, and this node begins from a snapshot") {
				t.Errorf("%v, edge %v: %v", cause, isEdge, err)
			}
		}
	}

	if err := (&node{}).giveUp(nil); err != nil {
		t.Errorf("without a cause: %v", err)
	}
}
