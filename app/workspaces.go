//go:build desktop

package app

import (
	"errors"
	"os"
	"path/filepath"

	window "github.com/wailsapp/wails/v2/pkg/runtime"

	"spinscope/backend/textfile"
)

// errWorkspaces is returned for what is too large to be a file of workspaces; the page says what one is.
var errWorkspaces = errors.New("the file is too large to be one of workspaces")

// maxWorkspaces is in bytes. The page itself takes 200,000 characters.
const maxWorkspaces = 1 << 20

var workspaceFiles = window.FileFilter{DisplayName: "Workspaces (*.json)", Pattern: "*.json"}

// WorkspacesFile is a file that was chosen.
type WorkspacesFile struct {
	Path string `json:"path"` // empty when the person changed their mind
	Text string `json:"text"`
}

// SaveWorkspaces asks for a file and writes the page's workspaces to it. The name is what the dialog proposes. It returns
// the file, empty when the person changed their mind.
func (a *App) SaveWorkspaces(name, text string) (string, error) {
	if len(text) > maxWorkspaces {
		return "", errWorkspaces
	}
	path, err := a.savePath("Save Workspaces", workspaceFiles, filepath.Base(name), ".json")
	if err != nil || path == "" {
		return "", err
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", err // names the file
	}
	a.log.Info("workspaces saved", "path", path)
	return path, nil
}

// OpenWorkspaces asks for a file and returns what it says; the page decides whether these are workspaces.
func (a *App) OpenWorkspaces() (file WorkspacesFile, err error) {
	dir := a.lastDir()
	a.dialog.with(func() {
		file.Path, err = window.OpenFileDialog(a.window(), window.OpenDialogOptions{
			Title: "Read Workspaces", DefaultDirectory: dir, Filters: []window.FileFilter{workspaceFiles},
		})
	})
	if err != nil || file.Path == "" {
		return WorkspacesFile{}, err
	}

	a.wentTo(file.Path)
	file.Text, err = readWorkspaces(file.Path)
	return file, err
}

// readWorkspaces reads a text file of a reasonable size.
func readWorkspaces(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular() || info.Size() > maxWorkspaces: // a pipe may never end
		return "", errWorkspaces
	}

	text, err := textfile.Read(path)
	return string(text), err
}
