// Package embedded runs a NATS server inside the process, so that a few machines need nothing else to carry a market: with
// JetStream, each message written through to the disk before it is acknowledged, and as one of a cluster if it has peers.
//
// It listens beyond loopback only with credentials. The desktop app is built without the server (tag desktop): there Start
// returns ErrNotBuilt.
package embedded
