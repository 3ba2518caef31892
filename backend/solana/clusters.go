package solana

import (
	"strings"

	"github.com/gagliardetto/solana-go/rpc"
)

// Cluster returns the public access point of a cluster known by name: localnet, devnet or mainnet. Those of devnet and
// mainnet are slow and shared; a provider's own is better for more than a look.
func Cluster(name string) (Endpoint, bool) {
	var cluster rpc.Cluster
	switch name {
	case "localnet":
		cluster = rpc.LocalNet
	case "devnet":
		cluster = rpc.DevNet
	case "mainnet":
		cluster = rpc.MainNetBeta
	default:
		return Endpoint{}, false
	}
	// By address: "localhost" may stand for ::1, where a local validator does not listen.
	local := strings.NewReplacer("://localhost:", "://127.0.0.1:")
	return Endpoint{RPC: local.Replace(cluster.RPC), WS: local.Replace(cluster.WS)}, true
}
