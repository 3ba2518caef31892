// Command fanout measures how fast a push reaches many subscribers, beside other servers on the same machine in the same
// run: a plain gorilla/websocket broadcaster (the floor), centrifuge, npm socket.io, and the stock library.
//
// Every server is a process of its own and sends the same candle; one client, this process, reads them all. Runs of the
// servers alternate, so that what else the machine does hits all alike: trust the ratios, not the absolute numbers.
//
//	go run ./fanout              # about three minutes
//	go run ./fanout -full        # the sizes of docs/performance.md
//	go run ./fanout -help
package main
