package cluster

import (
	"net/url"
	"strings"

	"spinscope/backend/config"
	"spinscope/backend/solana"
)

// Endpoints lists the cluster's access points, the preferred one first; demo has none, it brings its own.
func Endpoints(cfg *config.Solana) []solana.Endpoint {
	var list []solana.Endpoint
	if cfg.Cluster == "custom" {
		list = append(list, endpoint(config.Endpoint{RPCURL: cfg.RPCURL, WSURL: cfg.WSURL}))
	} else if known, ok := solana.Cluster(cfg.Cluster); ok {
		list = append(list, known)
	}
	for _, fallback := range cfg.Fallback {
		list = append(list, endpoint(fallback))
	}
	return list
}

// endpoint derives the PubSub address when only the RPC address is given: the same place with the ws scheme, as
// providers have it.
func endpoint(e config.Endpoint) solana.Endpoint {
	result := solana.Endpoint{RPC: e.RPCURL, WS: e.WSURL}
	if u, err := url.Parse(e.RPCURL); e.WSURL == "" && err == nil {
		u.Scheme = strings.Replace(u.Scheme, "http", "ws", 1)
		result.WS = u.String()
	}
	return result
}
