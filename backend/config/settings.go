package config

import "maps"

// Settings is what a dialog shows of a configuration.
type Settings struct {
	Form     Form
	Fixed    map[string]string // Origin.Fixed
	File     string            // Origin.File
	Found    bool
	Revision string // of the file; a Plan wants it back
}

// Show reads the file again and shows its values, and the running ones where the file has no say.
func Show(origin Origin, running Config) (Settings, error) {
	file, err := ReadFile(origin.File)
	if err != nil {
		return Settings{}, err
	}
	return Settings{
		Form: NewForm(Overlay(file.Config, running, origin.Fixed)), Fixed: maps.Clone(origin.Fixed),
		File: origin.File, Found: file.Found, Revision: file.Revision(),
	}, nil
}

// Plan is a checked change: Staged waits to take the file's place, Config is what runs with it.
type Plan struct {
	Config Config
	Staged *Staged
}

// Prepare checks a changed form by the rules of Validate and stages the file. Problems are those of fields; nothing is
// written then. The error is ErrChanged when the file is not the one of the revision any more.
func Prepare(origin Origin, running Config, revision string, form Form) (Plan, []*KeyError, error) {
	file, err := ReadFile(origin.File)
	if err != nil {
		return Plan{}, nil, err
	}
	if file.Revision() != revision {
		return Plan{}, nil, ErrChanged
	}

	var found problems
	for key := range form.Values {
		if by, fixed := origin.Fixed[key]; fixed {
			found.addUnseen(key, " is set by %s, which overrides the file", by)
		}
	}

	next, wrong := form.Apply(file.Config)
	found = append(found, wrong...)
	plan := Plan{Config: Overlay(next, running, origin.Fixed)}
	if len(found) == 0 {
		found = plan.Config.Problems()
	} else {
		found.more(plan.Config.Problems())
	}

	if len(found) > 0 {
		return Plan{}, found, nil
	}
	plan.Staged, err = file.Stage(next)
	return plan, nil, err
}

// more adds problems of keys that have none yet.
func (p *problems) more(list []*KeyError) {
	known := map[string]bool{}
	for _, problem := range *p {
		known[problem.Key] = true
	}
	for _, problem := range list {
		if !known[problem.Key] {
			*p = append(*p, problem)
		}
	}
}

// SameServer reports whether two configurations make the same server: they differ in what is the window's, if at all.
func SameServer(a, b Config) bool {
	a.Window = b.Window
	return same(a, b)
}
