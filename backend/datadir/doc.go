// Package datadir is the data directory: who may use it, which chain's and program's market lies in it and where, how much
// space its disk has, and at which address the server that uses it is found.
//
//	DIR/lock                the process that serves the directory
//	DIR/server.addr         one line HOST:PORT while a server runs
//	DIR/CLUSTER/            the store of a cluster's market; CLUSTER-PROGRAM when another program's is there already
//	DIR/CLUSTER.chain       one line GENESIS PROGRAM: what the store was read from
//
// A Dir is a value and opens nothing by itself; its methods are safe for concurrent use. Space is used by one writer and
// asked by anybody.
package datadir
