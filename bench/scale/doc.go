// Command scale computes what several edges need for many clients, from figures measured on one edge (docs/performance.md): it draws
// what each client follows, puts the clients on edges at random, and adds up what every edge holds and sends. Nothing is run but
// the arithmetic: it shows where the next limit is, not that it is reached.
//
//	go run ./scale                      the table of docs/scaling.md
//	go run ./scale -clients 50000 -trades 400
package main
