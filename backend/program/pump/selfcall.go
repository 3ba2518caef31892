package pump

// SelfCalls implements program.SelfCaller: every event stands in the log and in a call of the program to itself.
func (plug) SelfCalls() {}
