// Package decode measures the way from the bytes of a logs notification to a decoded event, beside the usual way: encoding/json
// and Borsh by reflection. See docs/performance.md.
package decode
