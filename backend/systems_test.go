package backend_test

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"strings"
	"testing"
)

// TestOtherSystemsHaveWhatIsUsed: what the files for all systems use and Linux has in a file of its own, Windows and macOS have
// too. Here only Linux is compiled for.
func TestOtherSystemsHaveWhatIsUsed(t *testing.T) {
	checked := 0
	err := filepath.WalkDir(".", func(dir string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if entry.Name() == "testdata" {
			return filepath.SkipDir
		}

		linux := filesOf(t, dir, "linux")
		for _, system := range []string{"windows", "darwin"} {
			other := filesOf(t, dir, system)
			there, used := declaredIn(other), map[string]bool{}
			for path, file := range linux {
				if other[path] != nil {
					maps.Copy(used, usedIn(file))
				}
			}

			for name := range declaredIn(linux) {
				if !used[name[strings.LastIndexByte(name, '.')+1:]] {
					continue
				}
				checked++
				if !there[name] {
					t.Errorf("%s has no %s for %s", dir, name, system)
				}
			}
		}
		return nil
	})
	if err != nil || checked < 1000 {
		t.Errorf("%d names were looked for: %v", checked, err)
	}
}

// filesOf are the files of a directory that are compiled for a system, without tests.
func filesOf(t *testing.T, dir, system string) map[string]*ast.File {
	t.Helper()
	target := build.Default
	target.GOOS = system
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}

	files := map[string]*ast.File{}
	for _, path := range paths {
		matches, err := target.MatchFile(dir, filepath.Base(path))
		if err != nil {
			t.Fatal(err)
		}
		if !matches || strings.HasSuffix(path, "_test.go") {
			continue
		}
		if files[path], err = parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// declaredIn are the functions, types, variables and constants of files, and the methods as type.method.
func declaredIn(files map[string]*ast.File) map[string]bool {
	names := map[string]bool{}
	var all []ast.Decl
	for _, file := range files {
		all = append(all, file.Decls...)
	}

	for _, declared := range all {
		switch one := declared.(type) {
		case *ast.FuncDecl:
			names[receiver(one)+one.Name.Name] = true
		case *ast.GenDecl:
			for _, spec := range one.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					names[spec.Name.Name] = true
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						names[name.Name] = true
					}
				}
			}
		}
	}
	return names
}

// receiver is a method's type and a dot, nothing for a function.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	name := ""
	ast.Inspect(f.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name + "."
		}
		return true
	})
	return name
}

// usedIn are the names in a file.
func usedIn(file *ast.File) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			names[id.Name] = true
		}
		return true
	})
	return names
}
