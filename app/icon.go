//go:build desktop

package app

import _ "embed"

// icon is the window's icon; build/appicon.svg is its source.
//
//go:embed icon.png
var icon []byte
