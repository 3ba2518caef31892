package main

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"github.com/tc-hib/winres"
	"github.com/tc-hib/winres/version"
	"golang.org/x/image/draw"
)

// resources writes what Windows shows of a program, icon, names and version, as an object that is linked in.
func (m *maker) resources(p program, object string) error {
	picture, err := m.picture()
	if err != nil {
		return err
	}
	icon, err := winres.NewIconFromResizedImage(picture, []int{16, 24, 32, 48, 64, 256})
	if err != nil {
		return err
	}
	var set winres.ResourceSet
	if err := set.SetIcon(winres.ID(3), icon); err != nil { // the id that Wails gives its window
		return err
	}

	set.SetManifest(winres.AppManifest{
		ExecutionLevel:      winres.AsInvoker,
		DPIAwareness:        winres.DPIPerMonitorV2,
		UseCommonControlsV6: true,
		LongPathAware:       true,
	})

	number, _, _ := strings.Cut(m.version, "-")
	var info version.Info
	info.SetFileVersion(number + ".0")
	info.SetProductVersion(number + ".0")
	description := "Spinscope"
	if p.kind == server {
		description = "Spinscope without a window"
	}
	for key, value := range map[string]string{
		version.ProductName: "Spinscope", version.FileDescription: description, version.CompanyName: "The Spinscope authors",
		version.LegalCopyright: "Copyright 2026 The Spinscope authors", version.OriginalFilename: p.kind + ".exe",
		version.FileVersion: m.version, version.ProductVersion: m.version,
	} {
		if err := info.Set(version.LangDefault, key, value); err != nil {
			return err
		}
	}
	set.SetVersionInfo(info)

	var out bytes.Buffer
	if err := set.WriteObject(&out, winres.ArchAMD64); err != nil {
		return err
	}
	return os.WriteFile(object, out.Bytes(), 0o644)
}

// picture is the icon, 512 pixels square.
func (m *maker) picture() (image.Image, error) {
	file, err := os.Open(filepath.Join(m.root, "build", "appicon.png"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return png.Decode(file)
}

// iconOf is the icon as PNG of so many pixels.
func iconOf(picture image.Image, pixels int) ([]byte, error) {
	small := image.NewNRGBA(image.Rect(0, 0, pixels, pixels))
	draw.CatmullRom.Scale(small, small.Bounds(), picture, picture.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	err := png.Encode(&out, small)
	return out.Bytes(), err
}

// installer makes the program that installs the app, and the server beside it for the command line.
func (m *maker) installer(_ program, to string) error {
	picture, err := m.picture()
	if err != nil {
		return err
	}
	icon, err := winres.NewIconFromResizedImage(picture, []int{16, 32, 48, 256})
	if err != nil {
		return err
	}
	dir := filepath.Join(m.work, "setup")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var out bytes.Buffer
	if err := icon.SaveICO(&out); err != nil {
		return err
	}

	number, _, _ := strings.Cut(m.version, "-")
	files := tree{
		"spinscope.ico": {text: out.Bytes()},
		"LICENSE.txt":   {from: filepath.Join(m.root, "LICENSE")},
		"LICENCES.txt":  {from: m.licences()},

		"Spinscope.exe":        {from: m.path(program{app, windowsAMD64})},
		"spinscope-server.exe": {from: m.path(program{server, windowsAMD64})},
	}
	if err := files.write(dir, m.time); err != nil {
		return err
	}
	return m.command(nil, "makensis", "-V2", "-NOCD", "-DVERSION="+m.version, "-DNUMBER="+number+".0", "-DFILES="+dir, "-DOUT="+to,
		filepath.Join(m.root, "build", "windows", "setup.nsi"))
}

// bare is the program itself, which needs nothing beside it.
func (m *maker) bare(p program, to string) error {
	text, err := os.ReadFile(m.path(p))
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}
