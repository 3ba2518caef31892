package wire

// Node is how one of several servers that share a market stands among them.
type Node struct {
	Name    string    `json:"name" doc:"bus.node, or one made of the machine's name"`
	Role    string    `json:"role" enum:"writer,standby,edge" doc:"Whether it commits, will when the writer is gone, or serves a replica for good"`
	Trouble string    `json:"trouble" doc:"Why /readyz sends clients elsewhere; empty while nothing is wrong with the bus"`
	Lag     NodeLag   `json:"lag"`
	Lease   NodeLease `json:"lease"`
	Bus     NodeBus   `json:"bus"`
}

// NodeLag is what a node lacks.
type NodeLag struct {
	Commits uint64  `json:"commits" doc:"That the log has and this node has not; of the writer, those that wait for the log"`
	Seconds float64 `json:"seconds" doc:"Since when; 0 while nothing is missing"`
}

// NodeLease is who has the lease, as the node saw it last.
type NodeLease struct {
	Owner      string   `json:"owner" doc:"Name of the node that may write; empty: none, or not known yet"`
	AgeSeconds *float64 `json:"age_seconds" doc:"Since its newest sign of life; the lease goes after five. Null without an owner"`
}

// NodeBus is the node's connection to the bus.
type NodeBus struct {
	Server    string `json:"server" doc:"Name of the NATS server it is connected to; empty while none answers"`
	Connected bool   `json:"connected"`
}
