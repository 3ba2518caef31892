// Package parts runs the parts of a program beside each other, and stops them in order.
//
// Owner: the composition root makes the lists and calls Run once; a Part may be run by one Run only.
//
// Order: what reads stops before what it feeds, so that nothing that was read is left behind.
//
// Failure: the first part that fails ends all of them.
package parts
