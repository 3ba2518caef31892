package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version and commit are set by the linker in released builds.
var (
	version = "0.1.0-dev"
	commit  = ""
)

// Version is version, commit and Go version in one line.
func Version() string {
	from := commit
	if info, ok := debug.ReadBuildInfo(); ok && from == "" {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				from = setting.Value
			}
		}
	}
	if from == "" {
		from = "unknown"
	}
	return fmt.Sprintf("%s (commit %s, %s %s/%s)", version, from, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
