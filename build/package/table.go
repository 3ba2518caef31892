package main

import "strings"

// system is what a program runs on, as Go names it.
type system struct{ os, arch string }

func (s system) String() string { return s.os + "-" + s.arch }

var (
	linuxAMD64   = system{"linux", "amd64"}
	linuxARM64   = system{"linux", "arm64"}
	darwinAMD64  = system{"darwin", "amd64"}
	darwinARM64  = system{"darwin", "arm64"}
	windowsAMD64 = system{"windows", "amd64"}
)

// Kinds of program: with the window, or without.
const (
	app    = "spinscope"
	server = "spinscope-server"
)

// program is one thing that go build makes.
type program struct {
	kind string
	on   system
}

// artefact is one file in dist. In its name {v} is the version, {deb} and {rpm} the version as those write it.
type artefact struct {
	name string
	of   program
	make func(*maker, program, string) error // writes the file named
}

var artefacts = []artefact{
	{"spinscope_{deb}_amd64.deb", program{app, linuxAMD64}, (*maker).deb},
	{"spinscope-{rpm}.x86_64.rpm", program{app, linuxAMD64}, (*maker).rpm},
	{"spinscope-{v}-linux-amd64.tar.zst", program{app, linuxAMD64}, (*maker).tarZstd},

	{"spinscope-server_{deb}_amd64.deb", program{server, linuxAMD64}, (*maker).deb},
	{"spinscope-server-{rpm}.x86_64.rpm", program{server, linuxAMD64}, (*maker).rpm},
	{"spinscope-server-{v}-linux-amd64.tar.zst", program{server, linuxAMD64}, (*maker).tarZstd},
	{"spinscope-server-{v}-container-amd64.tar", program{server, linuxAMD64}, (*maker).container},

	{"spinscope-server_{deb}_arm64.deb", program{server, linuxARM64}, (*maker).deb},
	{"spinscope-server-{rpm}.aarch64.rpm", program{server, linuxARM64}, (*maker).rpm},
	{"spinscope-server-{v}-linux-arm64.tar.zst", program{server, linuxARM64}, (*maker).tarZstd},
	{"spinscope-server-{v}-container-arm64.tar", program{server, linuxARM64}, (*maker).container},

	{"spinscope-server-{v}-darwin-amd64.tar.gz", program{server, darwinAMD64}, (*maker).tarGzip},
	{"spinscope-server-{v}-darwin-arm64.tar.gz", program{server, darwinARM64}, (*maker).tarGzip},

	{"spinscope-{v}-windows-amd64.exe", program{app, windowsAMD64}, (*maker).bare},
	{"spinscope-server-{v}-windows-amd64.exe", program{server, windowsAMD64}, (*maker).bare},
	{"spinscope-{v}-setup.exe", program{app, windowsAMD64}, (*maker).installer},
}

// file is the artefact's name of a version.
func (a artefact) file(version string) string {
	tilde := sorted(version)
	return strings.NewReplacer("{v}", version, "{deb}", tilde, "{rpm}", tilde+"-1").Replace(a.name)
}

// sorted is a version as distributions write it, which sort a ~ before everything, so that 0.2.0-dev.3 comes before 0.2.0
// there too.
func sorted(version string) string { return strings.Replace(version, "-", "~", 1) }
