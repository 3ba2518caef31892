package rest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// A backup is streamed, one at a time; one that fails breaks the transfer, and where there is none the answer says so.
func TestBackup(t *testing.T) {
	begun, goOn := make(chan struct{}), make(chan error)
	d := deps(newFake())
	d.Backup = func(_ context.Context, w io.Writer) error {
		_, _ = io.WriteString(w, "spinback"+strings.Repeat("x", 1<<16))
		begun <- struct{}{}
		return <-goOn
	}
	server := serve(t, d)
	server.Config.ErrorLog = nil
	if head := request(t, http.MethodHead, server.URL+"/api/backup", ""); head.status != 200 || !strings.Contains(head.header.Get("Content-Disposition"), ".backup") {
		t.Errorf("HEAD: %d %v", head.status, head.header)
	}

	for _, want := range []error{nil, errors.New("disk gone"), nil} { // each gives its place back
		whole := make(chan error)
		go func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/backup", nil)
			if err != nil {
				whole <- err
				return
			}
			answer, err := http.DefaultClient.Do(r)
			if err == nil {
				_, err = io.ReadAll(answer.Body)
				_ = answer.Body.Close()
			}
			whole <- err
		}()
		<-begun
		if second := request(t, http.MethodGet, server.URL+"/api/backup", ""); second.status != http.StatusTooManyRequests {
			t.Errorf("a second one beside it: %d", second.status)
		}

		goOn <- want
		if err := <-whole; (err == nil) != (want == nil) {
			t.Errorf("%v where the backup ended with %v", err, want)
		}
	}

	none := serve(t, deps(newFake()))
	if got := request(t, http.MethodGet, none.URL+"/api/backup", ""); got.status != http.StatusNotFound || !strings.Contains(string(got.raw), "demo") {
		t.Errorf("%d %s", got.status, got.raw)
	}
}
