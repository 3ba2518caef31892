//go:build desktop

package app

import (
	"github.com/wailsapp/wails/v2/pkg/options/linux"

	"spinscope/backend"
	"spinscope/backend/config"
)

// SettingsView is what the settings dialog shows. Secrets are masked.
type SettingsView struct {
	Form     config.Form       `json:"form"`
	Fixed    map[string]string `json:"fixed"` // keys that cannot be changed, with the flag or variable that sets them
	File     string            `json:"file"`
	Revision string            `json:"revision"`
	Problem  string            `json:"problem"` // why the file cannot be read; the rest is empty then
	Stored   []string          `json:"stored"`  // clusters whose market is in the data directory
}

// SettingsChange is what the dialog wants changed. Keys without a value stay as they are.
type SettingsChange struct {
	Revision string      `json:"revision"`
	Form     config.Form `json:"form"`
}

// FieldProblem is a value that cannot be used.
type FieldProblem struct {
	Key  string `json:"key"` // such as server.listen or solana.fallback[1].rpc_url
	Text string `json:"text"`
}

// SaveResult tells what became of a change. With problems or an error the settings are those from before.
type SaveResult struct {
	Problems  []FieldProblem `json:"problems"`
	Error     string         `json:"error"`
	Restarted bool           `json:"restarted"` // the server is another one, perhaps at another address
	Backup    string         `json:"backup"`    // where the old file is, if its comments could not be kept
	AppOnly   bool           `json:"app_only"`  // something takes effect only when the app is started again
}

// Settings reads the configuration file for the dialog.
func (a *App) Settings() SettingsView {
	if a.first != nil {
		return SettingsView{Problem: errFirstOnly.Error(), Stored: []string{}}
	}
	now := a.server.settings()
	shown, err := config.Show(now.Origin, now.Config)
	if err != nil {
		return SettingsView{File: now.Origin.File, Problem: err.Error(), Stored: []string{}}
	}
	return SettingsView{
		Form: shown.Form, Fixed: shown.Fixed, File: shown.File, Revision: shown.Revision, Stored: now.Dir().Clusters(),
	}
}

// SaveSettings checks a change, runs the server with it and puts it into the configuration file. When the server cannot
// start with it, the file stays and the old settings come back.
func (a *App) SaveSettings(change SettingsChange) SaveResult {
	if a.first != nil {
		return SaveResult{Problems: []FieldProblem{}, Error: errFirstOnly.Error()}
	}
	a.saving.Lock()
	defer a.saving.Unlock()

	result := SaveResult{Problems: []FieldProblem{}}
	before := a.server.settings()
	plan, problems, err := config.Prepare(before.Origin, before.Config, change.Revision, change.Form)
	for _, problem := range problems {
		result.Problems = append(result.Problems, FieldProblem{problem.Key, problem.Hint()})
	}

	if err != nil {
		result.Error = err.Error()
	}
	if plan.Staged == nil {
		return result
	}

	next := before
	next.Config, next.Origin.Found = plan.Config, true
	if !config.SameServer(before.Config, next.Config) {
		result.Restarted = true
		if err := a.server.restart(withoutReach(next, before.Config), a.fell); err != nil {
			plan.Staged.Discard()
			a.log.Error("the server does not start with the new settings", "err", err)
			result.Error = err.Error()
			return result
		}
	}

	if err := plan.Staged.Commit(); err != nil {
		plan.Staged.Discard()
		a.log.Error("settings not saved", "err", err)
		result.Error = err.Error()
		if result.Restarted {
			if err := a.server.restart(before, a.fell); err != nil {
				a.log.Error("the server does not start with the settings before", "err", err)
			}
		}
		return result
	}

	a.server.note(next)
	if result.Restarted {
		a.windows.tell(0, "server", nil)
	}
	a.log.Info("settings saved", "file", next.Origin.File, "cluster", next.Config.Solana.Cluster, "restarted", result.Restarted)
	result.Backup = plan.Staged.Backup()
	result.AppOnly = next.Config.Window != a.options.Config.Window
	return result
}

// withoutReach drops the flag for older history where it meant another market.
func withoutReach(next backend.Options, before config.Config) backend.Options {
	if next.Config.Solana.Cluster != before.Solana.Cluster || next.Config.Solana.ProgramID != before.Solana.ProgramID {
		next.Backfill = nil
	}
	return next
}

// firstStart reports whether nobody has said yet which market to show.
func firstStart(origin config.Origin) bool {
	_, cluster := origin.Fixed["solana.cluster"]
	_, address := origin.Fixed["solana.rpc_url"]
	return !origin.Found && origin.File != "" && !cluster && !address
}

// gpuPolicy is window.gpu for the window library.
func gpuPolicy(gpu string) linux.WebviewGpuPolicy {
	switch gpu {
	case "always":
		return linux.WebviewGpuPolicyAlways
	case "on_demand":
		return linux.WebviewGpuPolicyOnDemand
	default:
		return linux.WebviewGpuPolicyNever
	}
}
