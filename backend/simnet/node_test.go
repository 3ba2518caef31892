package simnet

import (
	"net/http"
	"strings"
	"testing"
)

// TestPaths: a path with a provider's key leads to the root, one of an access point to that, and an unknown one nowhere.
func TestPaths(t *testing.T) {
	n := start(t, still())
	n.SetNode("short", Node{Keep: 10})
	for path, want := range map[string]int{
		"": http.StatusOK, "v2/KEY?api-key=KEY": http.StatusOK, "node/short": http.StatusOK, "node/other": http.StatusNotFound,
	} {
		body := strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"getFirstAvailableBlock"}`)
		answer, err := http.Post(n.RPCURL()+path, "application/json", body)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("/%s says %d, want %d", path, answer.StatusCode, want)
		}
	}
}
