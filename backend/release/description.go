package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/mod/semver"
)

// ErrDescription is returned for what is signed and no release description.
var ErrDescription = errors.New("not a release description of Spinscope")

const (
	product = "spinscope"
	maxPage = 2048 // bytes
)

// Description is what a publisher says of a release.
type Description struct {
	Name    string `json:"name"`    // "spinscope": a key may sign other things too
	Version string `json:"version"` // by Semantic Versioning, without a v
	Page    string `json:"page"`    // https address of what a person reads about it
}

// parse reads a description; the error wraps ErrDescription.
func parse(text []byte) (Description, error) {
	var d Description
	if err := json.Unmarshal(text, &d); err != nil {
		return Description{}, fmt.Errorf("%w: %w", ErrDescription, err)
	}
	switch {
	case d.Name != product:
		return Description{}, fmt.Errorf("%w: its name is not %q", ErrDescription, product)
	case !isVersion(d.Version):
		return Description{}, fmt.Errorf("%w: version is none such as 1.2.3", ErrDescription)
	case !isPage(d.Page):
		return Description{}, fmt.Errorf("%w: page is no https address", ErrDescription)
	}
	return d, nil
}

// isVersion reports whether text is a whole version, such as 1.2.3, 1.2.3-rc.1 or 1.2.3+build.
func isVersion(text string) bool {
	core, _, _ := strings.Cut(text, "+")
	core, _, _ = strings.Cut(core, "-")
	return len(text) <= 100 && semver.IsValid("v"+text) && strings.Count(core, ".") == 2
}

// isPage reports whether text is an address that a person may be sent to.
func isPage(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil && len(text) <= maxPage
}

// newer reports whether offered, a whole version, is worth a word to who runs the version running. A pre-release is so only
// to those who run one themselves.
func newer(offered, running string) bool {
	if semver.Prerelease("v"+offered) != "" && semver.Prerelease("v"+running) == "" {
		return false
	}
	return semver.Compare("v"+offered, "v"+running) > 0
}
