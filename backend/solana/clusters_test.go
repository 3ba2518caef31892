package solana

import "testing"

func TestClusters(t *testing.T) {
	for _, name := range []string{"localnet", "devnet", "mainnet"} {
		endpoint, ok := Cluster(name)
		if err := endpoint.check(); !ok || err != nil {
			t.Errorf("%s: %v %v", name, ok, err)
		}
	}
	if local, _ := Cluster("localnet"); local != (Endpoint{RPC: "http://127.0.0.1:8899", WS: "ws://127.0.0.1:8900"}) {
		t.Errorf("localnet is %#v", local)
	}
	if _, ok := Cluster("moon"); ok {
		t.Error("an unknown cluster is known")
	}
}
