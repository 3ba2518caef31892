package leaktest

import (
	"testing"
	"time"
)

func TestWaitForEnd(t *testing.T) {
	late := make(chan struct{})
	go func() { <-late }()
	if err := waitForEnd(time.Millisecond); err == nil {
		t.Error("a goroutine that stays is no leak")
	}
	time.AfterFunc(2*time.Second, func() { close(late) })
	if err := waitForEnd(time.Minute); err != nil {
		t.Errorf("a goroutine that ends in time is a leak: %v", err)
	}
}
