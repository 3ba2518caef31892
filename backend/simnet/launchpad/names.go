package launchpad

import (
	"fmt"
	"strings"
)

// Coins are named by an adjective and a noun. None of them exists anywhere.
var (
	adjectives = [...]string{"Brave", "Crisp", "Dizzy", "Eager", "Fuzzy", "Giddy", "Humble", "Icy", "Jolly", "Keen", "Lucky", "Merry"}
	nouns      = [...]string{"Walrus", "Teapot", "Lantern", "Pickle", "Badger", "Rocket", "Turnip", "Kettle", "Falcon", "Button", "Pirate", "Magnet", "Cobbler"}
)

// coinName is that of the n-th coin; twelve and thirteen have no common divisor, so that names repeat after 156.
func coinName(n int) string {
	name := adjectives[n%len(adjectives)] + " " + nouns[n%len(nouns)]
	if round := n / (len(adjectives) * len(nouns)); round > 0 {
		name += fmt.Sprintf(" %d", round+1)
	}
	return name
}

func coinSymbol(n int) string {
	symbol := strings.ToUpper(adjectives[n%len(adjectives)][:2] + nouns[n%len(nouns)][:3])
	if round := n / (len(adjectives) * len(nouns)); round > 0 {
		symbol += fmt.Sprint(round + 1)
	}
	return symbol
}
