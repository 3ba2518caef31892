// Package metadata fetches what the tokens' uris lead to: a JSON document and a picture for each mint.
//
// Both come from strangers. Whoever creates a token chooses the uri, so a request goes out only to public addresses,
// over https; the address is checked after it was resolved, at every dial and so at every redirect, and the checked
// address is the one dialled. The one exception is the configured gateway's host and port. Documents are cut down to
// nine fields, pictures are decoded and encoded anew, so that nothing foreign reaches a page.
//
// Owner: backend makes one Catalog and runs it once. What was fetched is kept in a directory of its own that survives
// restarts; the least recently used goes when it is full.
//
// Ordering: pictures that someone waits for go first, then documents that someone asked for, then new tokens, each in
// the order of arrival. There is one task for a mint at a time.
//
// Concurrency: every method may be called from any goroutine. Document and Announce never block; Picture waits a bounded
// time. Four workers fetch; pictures are decoded one at a time, since a small file may be large once decoded.
//
// Failure: nothing here ends the program. A fetch that fails is tried again a few times, then let be for a while that
// grows with each failure. What cannot be written is not kept, and counts as failed.
package metadata
