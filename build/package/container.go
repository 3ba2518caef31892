package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// nobody is the user inside the container.
const nobody = 65532

// blob is one part of an image, named by its own checksum.
type blob struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int    `json:"size"`

	Platform    map[string]string `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

const certificates = "/etc/ssl/certs/ca-certificates.crt"

// container makes an image that holds the program, the certificates of this machine and nothing else, as a tar of the
// OCI image layout; manifest.json is for `docker load` of before version 25.
func (m *maker) container(p program, to string) error {
	files := tree{
		"usr/bin/spinscope":                {from: m.path(p), mode: 0o755},
		"usr/share/doc/spinscope/LICENCES": {from: m.licences()},

		certificates[1:]:    {from: certificates},
		"etc/passwd":        {text: fmt.Appendf(nil, "spinscope:x:%d:%d::/var/lib/spinscope:/sbin/nologin\n", nobody, nobody)},
		"etc/group":         {text: fmt.Appendf(nil, "spinscope:x:%d:\n", nobody)},
		"var/lib/spinscope": {dir: true, mode: 0o700, user: nobody},
		"tmp":               {dir: true, mode: 0o777 | fs.ModeSticky},
	}
	var layer bytes.Buffer
	if err := files.tar(&layer, m.time); err != nil {
		return err
	}
	packed, err := zipped(layer.Bytes())
	if err != nil {
		return err
	}

	image := tree{"oci-layout": {text: []byte(`{"imageLayoutVersion":"1.0.0"}`)}}
	put := func(kind string, text []byte) blob {
		sum := sha256.Sum256(text)
		name := hex.EncodeToString(sum[:])
		image["blobs/sha256/"+name] = entry{text: text}
		return blob{MediaType: "application/vnd.oci.image." + kind, Digest: "sha256:" + name, Size: len(text)}
	}

	unpacked := sha256.Sum256(layer.Bytes())
	config, err := json.Marshal(map[string]any{
		"created": m.time, "architecture": p.on.arch, "os": p.on.os,
		"config": map[string]any{
			"User":       fmt.Sprintf("%d:%d", nobody, nobody),
			"Entrypoint": []string{"/usr/bin/spinscope"},
			"Cmd":        []string{"serve"},
			"Env": []string{
				"PATH=/usr/bin", "HOME=/var/lib/spinscope", "SPINSCOPE_DATA_DIR=/var/lib/spinscope",
				"SPINSCOPE_SERVER_LISTEN=0.0.0.0:5051", // loopback would be the container's own; a token is asked for
			},
			"ExposedPorts": map[string]any{"5051/tcp": struct{}{}},
			"Volumes":      map[string]any{"/var/lib/spinscope": struct{}{}},
			"WorkingDir":   "/var/lib/spinscope",
			"StopSignal":   "SIGTERM",
			"Labels": map[string]string{
				"org.opencontainers.image.title": "spinscope", "org.opencontainers.image.version": m.version,
				"org.opencontainers.image.revision": m.commit, "org.opencontainers.image.licenses": "MIT",
			},
		},
		"rootfs":  map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + hex.EncodeToString(unpacked[:])}},
		"history": []map[string]any{{"created": m.time, "created_by": "make package"}},
	})
	if err != nil {
		return err
	}

	described := put("config.v1+json", config)
	contents := put("layer.v1.tar+gzip", packed)
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": described, "layers": []blob{contents},
	})
	if err != nil {
		return err
	}
	top := put("manifest.v1+json", manifest)
	top.Platform = map[string]string{"architecture": p.on.arch, "os": p.on.os}
	tag := strings.ReplaceAll(m.version, "+", "_") // which no tag may hold
	top.Annotations = map[string]string{"org.opencontainers.image.ref.name": tag, "io.containerd.image.name": "spinscope:" + tag}

	index, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []blob{top},
	})
	if err != nil {
		return err
	}
	old, err := json.Marshal([]map[string]any{{
		"Config": "blobs/sha256/" + described.Digest[7:], "RepoTags": []string{"spinscope:" + tag},
		"Layers": []string{"blobs/sha256/" + contents.Digest[7:]},
	}})
	if err != nil {
		return err
	}
	image["index.json"], image["manifest.json"] = entry{text: index}, entry{text: old}

	var out bytes.Buffer
	if err := image.tar(&out, m.time); err != nil {
		return err
	}
	return os.WriteFile(to, out.Bytes(), 0o644)
}
