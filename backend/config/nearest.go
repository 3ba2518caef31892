package config

import "strings"

// nearest is the one of names that a misspelt name was most likely meant to be; empty when none is like it. A name that
// lacks its first part, as rpc_url does of solana.rpc_url, is like the whole.
func nearest(name string, names []string) string {
	best, least := "", max(1, min(3, len(name)/4))+1
	for _, candidate := range names {
		distance := edits(name, candidate)
		if strings.HasSuffix(candidate, "."+name) || strings.HasSuffix(candidate, "_"+name) {
			distance = 1
		}
		if distance < least {
			best, least = candidate, distance
		}
	}
	return best
}

// edits is how many letters must be put in, left out, replaced or swapped with their neighbour to make b of a.
func edits(a, b string) int {
	before, previous, current := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}

	for i := range len(a) {
		current[0] = i + 1
		for j := range len(b) {
			replaced := previous[j]
			if a[i] != b[j] {
				replaced++
			}
			current[j+1] = min(replaced, previous[j+1]+1, current[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				current[j+1] = min(current[j+1], before[j-1]+1)
			}
		}

		before, previous, current = previous, current, before
	}

	return previous[len(b)]
}
