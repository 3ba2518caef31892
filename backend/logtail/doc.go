// Package logtail keeps the newest records of the program's log in memory, for whoever wants to look at them while it
// runs. Whoever makes the logger owns the Tail; its Handler wraps the one that writes the log, and keeps what that one is
// enabled for. Paths of directories that New is told of are shown by
// name; nothing else is looked at or hidden: a secret must not reach the log in the first place.
//
// A Tail is safe for concurrent use. Records stand in the order in which they were handled and are numbered without
// gaps from 1 on. Memory is bounded: the number of records, and in each the number and the length of its texts. Keeping
// a record cannot fail, and what the wrapped handler returns is passed on.
package logtail
