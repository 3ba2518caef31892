// Package durable writes small files that are there whole or not at all, also after a power cut.
//
// Owner: whoever calls. Concurrency: writers of one file end with the content of one of them. Failure: an error leaves the
// file as it was.
package durable
