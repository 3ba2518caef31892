package wake

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestUp(t *testing.T) {
	c := make(chan struct{}, 1)
	Up(c)
	Up(c)
	<-c
	select {
	case <-c:
		t.Error("woken twice")
	default:
	}
}

// TestAfter: the wait ends by itself, and with its context, which says why.
func TestAfter(t *testing.T) {
	if err := After(t.Context(), time.Nanosecond); err != nil {
		t.Error(err)
	}

	ctx, cancel := context.WithCancelCause(t.Context())
	waited := make(chan error, 1)
	go func() { waited <- After(ctx, 24*time.Hour) }()
	why := errors.New("no more")
	cancel(why)
	if err := <-waited; !errors.Is(err, why) {
		t.Error(err)
	}
}
