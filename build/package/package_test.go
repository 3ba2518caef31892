package main

import (
	"archive/tar"
	"bytes"
	"debug/pe"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

var then = time.Unix(1_800_000_000, 0).UTC()

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range artefacts {
		for _, version := range []string{"0.1.0", "0.2.0-dev.7"} {
			name := a.file(version)
			if strings.ContainsAny(name, "{}") || !strings.Contains(name, strings.ReplaceAll(version, "-", "~")) && !strings.Contains(name, version) || seen[name] {
				t.Errorf("%s is called %s", a.name, name)
			}
			seen[name] = true
		}
	}
	if got := artefacts[1].file("0.2.0-dev.7"); got != "spinscope-0.2.0~dev.7-1.x86_64.rpm" {
		t.Error(got)
	}
}

// Every file that the documents tell people to install is one that is made.
func TestDocumentsNameWhatIsMade(t *testing.T) {
	const version = "0.1.0"
	made := map[string]bool{"spinscope-" + version + "-licences.txt": true, "spinscope-" + version + ".cdx.json": true}
	for _, a := range artefacts {
		made[a.file(version)] = true
	}
	for _, c := range clients {
		made[c.file(version)] = true
	}

	var paths []string
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*.md", "frontend/clients/*/README.md", "frontend/src/api/client/README.md"} {
		found, err := filepath.Glob(filepath.Join("..", "..", pattern))
		if err != nil || len(found) == 0 {
			t.Fatal(pattern, found, err)
		}
		paths = append(paths, found...)
	}

	named, file := map[string]bool{}, regexp.MustCompile(`\bspinscope[a-z_-]*[-_]0\.1\.0[\w.-]*\w`)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range file.FindAllString(string(text), -1) {
			if named[name] = true; !made[name] {
				t.Errorf("%s names %s, which is not made", path, name)
			}
		}
	}
	if len(named) < 15 {
		t.Errorf("only %d files are named", len(named))
	}
}

// What a release is said to be is what backend/release reads.
func TestDescribe(t *testing.T) {
	m := maker{dist: t.TempDir(), work: t.TempDir(), version: "0.2.0", page: "https://x.example/0.2.0", time: then}
	if err := m.describe(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(m.dist, "release.json"))
	if want := "{\n  \"name\": \"spinscope\",\n  \"version\": \"0.2.0\",\n  \"page\": \"https://x.example/0.2.0\"\n}\n"; err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}

	m.page = "http://x.example/0.2.0"
	if err := m.describe(); err == nil {
		t.Error("a page without TLS is described")
	}
}

// With a key the checksums and the description are signed, each beside itself.
func TestSign(t *testing.T) {
	minisign, err := exec.LookPath("minisign")
	if err != nil {
		t.Skip("SKIPPED: minisign is not installed")
	}
	keys := t.TempDir()
	public, secret := filepath.Join(keys, "pub"), filepath.Join(keys, "key")
	if out, err := exec.Command(minisign, "-GW", "-p", public, "-s", secret).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Setenv(keyVariable, secret)

	m := maker{root: t.TempDir(), dist: t.TempDir(), version: "0.2.0", page: "https://x.example/0.2.0", time: then}
	m.work = filepath.Join(m.dist, ".work")
	if err := os.Mkdir(m.work, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(m.describe(), m.sign()); err != nil {
		t.Fatal(err)
	}

	for _, name := range []string{"SHA256SUMS", "release.json"} {
		if out, err := exec.Command(minisign, "-Vm", filepath.Join(m.dist, name), "-p", public).CombinedOutput(); err != nil || !strings.Contains(string(out), "spinscope 0.2.0") {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
	if list, err := os.ReadFile(filepath.Join(m.dist, "SHA256SUMS")); err != nil || !strings.HasSuffix(string(list), "  release.json\n") || strings.Count(string(list), "\n") != 1 {
		t.Errorf("checksums: %s, %v", list, err)
	}
}

// The same tree is the same files and the same archive, whatever the umask and whenever it was written.
func TestTreeIsTheSame(t *testing.T) {
	files := tree{
		"bin/x":         {text: []byte("x"), mode: 0o755},
		"share/man/a.1": {text: []byte("a")},
		"share/man/b.1": {text: []byte("b")},
		"var/x":         {dir: true, mode: 0o700, user: 5},
		"tmp":           {dir: true, mode: 0o777 | fs.ModeSticky},
	}
	if err := files.zipPages(); err != nil {
		t.Fatal(err)
	}

	for _, page := range []string{"share/man/a.1.gz", "share/man/b.1.gz"} {
		if _, ok := files[page]; !ok || len(files) != 5 {
			t.Fatalf("pages are %v", reflect.ValueOf(files).MapKeys())
		}
	}

	var listed [2][]string
	var packed [2]bytes.Buffer
	for i, mask := range []int{0o022, 0o077} {
		before := syscall.Umask(mask)
		dir := t.TempDir()
		err := files.write(dir, then)
		syscall.Umask(before)
		if err != nil {
			t.Fatal(err)
		}

		err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			listed[i] = append(listed[i], strings.TrimPrefix(path, dir)+info.Mode().String()+info.ModTime().UTC().String())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}

		if err := files.tar(&packed[i], then); err != nil {
			t.Fatal(err)
		}
	}

	if !slices.Equal(listed[0], listed[1]) || len(listed[0]) != 10 {
		t.Errorf("%q\n%q", listed[0], listed[1])
	}
	if !bytes.Equal(packed[0].Bytes(), packed[1].Bytes()) {
		t.Error("the archives differ")
	}

	archive := tar.NewReader(&packed[0])
	var names []string
	for {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}

		if err != nil {
			t.Fatal(err)
		}
		names = append(names, head.Name)
		if !head.ModTime.Equal(then) || head.Name == "tmp/" && head.Mode != 0o1777 || head.Name == "var/x/" && (head.Uid != 5 || head.Mode != 0o700) ||
			head.Name == "bin/x" && (head.Uid != 0 || head.Mode != 0o755) {
			t.Errorf("%+v", head)
		}
	}

	if !slices.IsSorted(names) || len(names) != 9 {
		t.Errorf("%q", names)
	}
}

func TestLicences(t *testing.T) {
	read := func(path string) text {
		t.Helper()
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return text{filepath.Base(path), string(raw)}
	}
	own, font := read("../../LICENSE"), read("../../frontend/src/assets/fonts/LICENSE.txt")
	for _, c := range []struct {
		texts []text
		want  string
	}{
		{[]text{own}, "MIT"},
		{[]text{font}, "OFL-1.1"},
		{[]text{own, font}, "MIT AND OFL-1.1"},
		{[]text{{"LICENSE", "Redistributions in binary form must reproduce\nx may be used to endorse or\npromote products"}}, "BSD-3-Clause"},
		{[]text{{"LICENSE", "All rights reserved."}}, ""},
		{nil, ""},
	} {
		got, err := licenceOf(c.texts)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q, %v, want %q", got, err, c.want)
		}
	}

	// What names no licence stops the packing, unless somebody has looked at it.
	var strange component
	if err := strange.read(t.TempDir()); !errors.Is(err, errLicence) {
		t.Errorf("a directory without a word: %v", err)
	}

	known := component{url: unstated[0]}
	if err := known.read(t.TempDir()); err != nil || known.licence != notStated {
		t.Errorf("%q, %v", known.licence, err)
	}
}

// What Windows shows of the program is read back from the object that is linked in.
func TestResources(t *testing.T) {
	m := maker{root: "../..", version: "0.2.0-dev.7"}
	for _, kind := range []string{app, server} {
		path := filepath.Join(t.TempDir(), "x.syso")
		if err := m.resources(program{kind, windowsAMD64}, path); err != nil {
			t.Fatal(err)
		}
		object, err := pe.Open(path)
		if err != nil {
			t.Fatal(err)
		}

		section := object.Section(".rsrc")
		if object.Machine != pe.IMAGE_FILE_MACHINE_AMD64 || section == nil {
			t.Fatalf("%+v", object.FileHeader)
		}
		raw, err := section.Data()
		if err != nil || !bytes.Contains(raw, wide("0.2.0-dev.7")) || !bytes.Contains(raw, wide(kind+".exe")) {
			t.Errorf("no version in the resources: %v", err)
		}

		_ = object.Close()
	}
}

// wide is text as Windows writes it.
func wide(text string) (raw []byte) {
	for _, c := range []byte(text) {
		raw = append(raw, c, 0)
	}
	return raw
}

// Python and npm sort a version of development before its release too.
func TestVersionsOfClients(t *testing.T) {
	for version, want := range map[string]string{
		"0.1.0": "0.1.0", "0.2.0-dev.7": "0.2.0.dev7", "0.2.0-dev": "0.2.0.dev0", "0.2.0-dev.7+dirty": "0.2.0.dev7+dirty",
	} {
		if got := pep(version); got != want {
			t.Errorf("%s is %s for Python, want %s", version, got, want)
		}
	}

	text, err := published([]byte("{\n  \"name\": \"x\",\n  \"version\": \"0.1.0\",\n  \"private\": true,\n  \"type\": \"module\"\n}"), "0.2.0-dev.7")
	if want := "{\n  \"name\": \"x\",\n  \"version\": \"0.2.0-dev.7\",\n  \"type\": \"module\"\n}"; err != nil || string(text) != want {
		t.Errorf("%v: %s", err, text)
	}
	if _, err := published([]byte(`{"private":true}`), "1.0.0"); err == nil {
		t.Error("a package that stays private is no error")
	}
}

// The bill of materials has the clients' packages with what is installed with them: versions, licences, and which versions they
// take. The part about the programs is what it would be without them.
func TestBillHasTheClients(t *testing.T) {
	m := &maker{root: "../..", version: "0.2.0-dev.7", time: then}
	page := map[string]component{}
	if _, err := os.Stat("../../frontend/node_modules"); err != nil {
		t.Skip("SKIPPED: the page's packages are not installed (make page), so the bill of materials was not made")
	}
	if err := m.pageComponents(page); err != nil {
		t.Fatal(err)
	}
	parts := slices.SortedFunc(maps.Values(page), func(a, b component) int { return strings.Compare(a.url, b.url) })

	clients, err := m.clientParts(parts)
	if err != nil {
		t.Fatal(err)
	}
	text, err := m.bill(parts, clients)
	if err != nil {
		t.Fatal(err)
	}
	type listed struct {
		Ref        string `json:"bom-ref"`
		Scope      string
		Licenses   []any
		Properties []struct{ Value string }
	}
	var bill struct {
		Components   []listed
		Dependencies []struct {
			Ref       string
			DependsOn []string
		}
	}
	if err := json.Unmarshal(text, &bill); err != nil {
		t.Fatal(err)
	}

	at := map[string]int{}
	for i, one := range bill.Components {
		if _, twice := at[one.Ref]; twice || len(one.Licenses) == 0 {
			t.Errorf("%s comes twice, or has no licence", one.Ref)
		}
		at[one.Ref] = i
	}
	sorted := slices.IsSortedFunc(bill.Components, func(a, b listed) int { return strings.Compare(a.Ref, b.Ref) })
	if !sorted || len(bill.Components) != len(parts)+3+len(pythonNeeds)+1 {
		t.Errorf("%d components of %d parts, sorted: %v", len(bill.Components), len(parts), sorted)
	}

	for i, want := range []struct {
		ref, takes string
		below      []string
	}{
		{"pkg:generic/spinscope@0.2.0-dev.7", "", nil},
		{"pkg:npm/%40spinscope/client@0.2.0-dev.7", "socket.io-client ^4", []string{"pkg:npm/socket.io-client@", "pkg:npm/engine.io-client@", "pkg:npm/ws@", "pkg:npm/ms@"}},
		{"pkg:pypi/spinscope@0.2.0.dev7", "aiohttp >=3.9,<4", []string{"pkg:pypi/aiohttp@", "pkg:pypi/pandas@", "pkg:pypi/polars@"}},
		{"pkg:golang/spinscope/client@v0.2.0-dev.7", "github.com/coder/websocket v1", []string{"pkg:golang/github.com/coder/websocket@v1"}},
	} {
		got := bill.Dependencies[i]
		if got.Ref != want.ref || want.below == nil && len(got.DependsOn) != len(parts) {
			t.Errorf("%s depends on %q", got.Ref, got.DependsOn)
		}
		for _, name := range want.below {
			if !slices.ContainsFunc(got.DependsOn, func(url string) bool { return strings.HasPrefix(url, name) }) {
				t.Errorf("%s does not depend on %s: %q", want.ref, name, got.DependsOn)
			}
		}
		if want.takes != "" && !strings.HasPrefix(bill.Components[at[want.ref]].Properties[0].Value, want.takes) {
			t.Errorf("%s takes %+v", want.ref, bill.Components[at[want.ref]].Properties)
		}
	}
	if bill.Components[at["pkg:pypi/polars@1.35.2"]].Scope != "optional" || bill.Components[at["pkg:pypi/aiohttp@3.12.15"]].Scope != "" {
		t.Error("aiohttp is optional, or polars is not")
	}
}
