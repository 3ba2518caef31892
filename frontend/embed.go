// Package frontend holds the built page, so that the program carries it.
//
// `npm run build` fills dist; a fresh clone has only a placeholder there, and the server then says how to build it.
// Everything is read-only and safe for concurrent use.
package frontend

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Assets is the built page, rooted so that "index.html" is its first file.
func Assets() fs.FS {
	assets, err := fs.Sub(dist, "dist")
	if err != nil { // the path is a constant that embed has checked
		return dist
	}
	return assets
}

// Built reports whether the page was built before the program was.
func Built() bool {
	_, err := fs.Stat(dist, "dist/index.html")
	return err == nil
}
