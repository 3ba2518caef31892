package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// installed is what a program is on a system, below a prefix such as /usr: the same in packages and archives.
func (m *maker) installed(p program) (tree, error) {
	build := filepath.Join(m.root, "build")
	files := tree{"bin/spinscope": {from: m.path(p), mode: 0o755}}
	if err := files.add("share", filepath.Join(build, "share")); err != nil {
		return nil, err
	}

	switch {
	case p.kind == app:
		files["share/applications/spinscope.desktop"] = entry{from: filepath.Join(build, "linux", "spinscope.desktop")}
		files["share/metainfo/"+appID+".metainfo.xml"] = entry{text: m.metainfo()}
		files["share/icons/hicolor/scalable/apps/spinscope.svg"] = entry{from: filepath.Join(build, "appicon.svg")}
		picture, err := m.picture()
		if err != nil {
			return nil, err
		}
		for _, pixels := range []int{48, 128, 256, 512} {
			icon, err := iconOf(picture, pixels)
			if err != nil {
				return nil, err
			}
			files[fmt.Sprintf("share/icons/hicolor/%dx%d/apps/spinscope.png", pixels, pixels)] = entry{text: icon}
		}
	case p.on.os == "linux":
		files["lib/systemd/system/spinscope.service"] = entry{from: filepath.Join(build, "linux", "spinscope.service")}
	}
	return files, nil
}

func (m *maker) deb(p program, to string) error { return m.nfpmPackage(p, "deb", to) }
func (m *maker) rpm(p program, to string) error { return m.nfpmPackage(p, "rpm", to) }

// nfpmPackage packs what is installed with what a distribution wants beside it; names, relations and scripts are in
// build/linux/NAME.nfpm.yaml.
func (m *maker) nfpmPackage(p program, format, to string) error {
	files, err := m.installed(p)
	if err != nil {
		return err
	}
	if err := files.zipPages(); err != nil {
		return err
	}
	files = files.under("usr")

	doc := "usr/share/doc/" + p.kind + "/"
	files[doc+"LICENCES"] = entry{from: m.licences()}
	linux := filepath.Join(m.root, "build", "linux")
	if format == "deb" {
		changes, err := m.debChangelog(p.kind)
		if err != nil {
			return err
		}
		files[doc+"changelog.gz"] = entry{text: changes}
		files[doc+"copyright"] = entry{from: filepath.Join(linux, "copyright")}
		files["usr/share/lintian/overrides/"+p.kind] = entry{from: filepath.Join(linux, p.kind+".lintian-overrides")}
		files["usr/share/zsh/vendor-completions/_spinscope"] = files["usr/share/zsh/site-functions/_spinscope"]
		delete(files, "usr/share/zsh/site-functions/_spinscope")
	} else {
		files[doc+"CHANGELOG.md"] = entry{from: filepath.Join(m.root, "CHANGELOG.md")}
		files["usr/share/licenses/"+p.kind+"/LICENSE"] = entry{from: filepath.Join(m.root, "LICENSE")}
	}

	stage := filepath.Join(m.work, format, p.kind+"-"+p.on.String())
	if err := files.write(stage, m.time); err != nil {
		return err
	}
	env := []string{"VERSION=" + m.version, "ARCH=" + p.on.arch, "STAGE=" + stage}
	return m.command(env, m.nfpm, "package", "--config", filepath.Join(linux, p.kind+".nfpm.yaml"), "--packager", format, "--target", to)
}

// debChangelog is the list of releases in Debian's form; what changed is in the project's own, which it names.
func (m *maker) debChangelog(name string) ([]byte, error) {
	text := fmt.Sprintf("%s (%s) stable; urgency=medium\n\n  * CHANGELOG.md of the project says what is new.\n\n -- %s  %s\n",
		name, sorted(m.version), maintainer, m.time.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	return zipped([]byte(text))
}

const (
	maintainer = "The Spinscope authors <maintainers@spinscope.example>"
	appID      = "org.spinscope.Spinscope"
)

// metainfo is what software centres show of the app.
func (m *maker) metainfo() []byte {
	kind := "stable"
	if strings.Contains(m.version, "-") {
		kind = "development"
	}
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>
<component type="desktop-application">
  <id>%s</id>
  <metadata_license>MIT</metadata_license>
  <project_license>MIT</project_license>
  <name>Spinscope</name>
  <summary>Live candles of Solana tokens on your desktop</summary>
  <description>
    <p>Spinscope reads the events of programs on a Solana cluster, folds them into candles as they happen, and keeps everything on your own disk. It loses no trade, counts none twice, and goes by the chain's own block times.</p>
    <p>Up to four charts in one window, a trade tape, open orders, alerts and exports; the same data for your scripts on a local port. A first start shows a simulated market.</p>
  </description>
  <developer_name>The Spinscope authors</developer_name>
  <launchable type="desktop-id">spinscope.desktop</launchable>
  <provides>
    <binary>spinscope</binary>
  </provides>
  <content_rating type="oars-1.1"/>
  <releases>
    <release version="%s" type="%s" timestamp="%d"/>
  </releases>
</component>
`, appID, sorted(m.version), kind, m.time.Unix())
}

// archived is what is in an archive: the installed tree with the texts that a reader looks for first.
func (m *maker) archived(p program) (tree, error) {
	files, err := m.installed(p)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"README.md", "CHANGELOG.md", "LICENSE"} {
		files[name] = entry{from: filepath.Join(m.root, name)}
	}
	files["LICENCES.txt"] = entry{from: m.licences()}
	if err := files.add("docs", filepath.Join(m.root, "docs")); err != nil {
		return nil, err
	}
	for name := range files {
		if strings.HasPrefix(name, "docs/images/") { // larger than all else, and the README's only
			delete(files, name)
		}
	}
	return files.under(fmt.Sprintf("%s-%s", p.kind, m.version)), nil
}

func (m *maker) tarZstd(p program, to string) error {
	return m.archive(p, to, func(w io.Writer) (io.WriteCloser, error) {
		// One thread and one level, so that the bytes do not depend on the machine.
		return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	})
}

// tarGzip is for macOS, whose tar knows no zstd.
func (m *maker) tarGzip(p program, to string) error {
	return m.archive(p, to, gzipped)
}

func (m *maker) archive(p program, to string, packing func(io.Writer) (io.WriteCloser, error)) error {
	files, err := m.archived(p)
	if err != nil {
		return err
	}
	return m.pack(files, to, packing)
}

// gzipped is the packing of an archive that any system unpacks.
func gzipped(w io.Writer) (io.WriteCloser, error) {
	return gzip.NewWriterLevel(w, gzip.BestCompression)
}

// pack writes a tree as a compressed archive.
func (m *maker) pack(files tree, to string, packing func(io.Writer) (io.WriteCloser, error)) error {
	file, err := os.Create(to)
	if err != nil {
		return err
	}
	defer file.Close()
	packer, err := packing(file)
	if err != nil {
		return err
	}
	if err := files.tar(packer, m.time); err != nil {
		return err
	}
	if err := packer.Close(); err != nil {
		return err
	}
	return file.Close()
}
