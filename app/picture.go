//go:build desktop

package app

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"

	window "github.com/wailsapp/wails/v2/pkg/runtime"
)

// errNotPicture is returned when the page hands over something that is not a PNG of a reasonable size.
var errNotPicture = errors.New("the picture is not a PNG of at most 32 MB")

const maxPicture = 32 << 20

var pngHead = []byte("\x89PNG\r\n\x1a\n")

// SavePicture asks for a file and writes the picture to it, a PNG in base64. The name is what the dialog proposes. It
// returns the file, empty when the person changed their mind.
func (a *App) SavePicture(name, content string) (string, error) {
	if len(content) > base64.StdEncoding.EncodedLen(maxPicture) {
		return "", errNotPicture
	}
	picture, err := base64.StdEncoding.DecodeString(content)
	if err != nil || !bytes.HasPrefix(picture, pngHead) {
		return "", errNotPicture
	}
	path, err := a.savePath("Save Picture", window.FileFilter{DisplayName: "Pictures (*.png)", Pattern: "*.png"}, filepath.Base(name), ".png")
	if err != nil || path == "" {
		return "", err
	}
	if err := os.WriteFile(path, picture, 0o600); err != nil {
		return "", err // names the file
	}
	a.log.Info("picture saved", "path", path)
	return path, nil
}
