// Package wake wakes a goroutine that waits on a channel of one place: waking never blocks, and waking twice before it looks
// is waking once. Whoever waits looks at everything there is to do.
package wake

// Up wakes whoever receives from c, which must be buffered, for one. It may be called from any goroutine.
func Up(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
