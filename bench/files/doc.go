// Command files measures import, verify and the exports of a large market: how long they take and how much memory is
// resident at most, of one program or of several in turn.
//
//	cd bench && go run ./files -events 3000000 -programs OLD,NEW
package main
