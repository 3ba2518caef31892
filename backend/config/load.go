package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// ErrConfig is returned for a file, an environment variable or a value that cannot be used; the text names it.
var ErrConfig = errors.New("configuration")

// DefaultFile is the file read when none is named; it need not exist.
func DefaultFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "spinscope", "config.toml")
}

// Origin says where the values of a configuration come from.
type Origin struct {
	File  string            // read, or to be written; empty when the system names no place for it
	Found bool              // the file exists
	Fixed map[string]string // keys that the file cannot change, with the environment variable or flag that sets them
}

// Load reads the file and then the environment over the defaults. An empty file name means DefaultFile, which may be
// absent; a named file must exist. environ is as from os.Environ. The result is not validated yet.
func Load(file string, environ []string) (Config, Origin, error) {
	named := file != ""
	if !named {
		file = DefaultFile()
	}
	read, err := ReadFile(file)
	if err != nil {
		return Config{}, Origin{}, err
	}
	if named && !read.Found {
		return Config{}, Origin{}, fmt.Errorf("%w: read file: open %s: %w", ErrConfig, file, fs.ErrNotExist)
	}
	cfg, origin := read.Config, Origin{File: file, Found: read.Found, Fixed: map[string]string{}}
	if err := fromEnvironment(&cfg, environ, origin.Fixed); err != nil {
		return Config{}, Origin{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return cfg, origin, nil
}

func parse(text []byte, cfg *Config) error {
	decoder := toml.NewDecoder(strings.NewReader(string(text))).DisallowUnknownFields()
	if err := decoder.Decode(cfg); err != nil {
		return explain(err)
	}
	if cfg.Websocket.CORS != nil {
		var top struct {
			CORS map[string]any `toml:"cors"`
		}
		if err := toml.Unmarshal(text, &top); err == nil && top.CORS != nil {
			return errors.New("[cors] and [websocket.cors] are the same section: keep one of them")
		}
		cfg.CORS = *cfg.Websocket.CORS
		cfg.Websocket.CORS = nil
	}
	return nil
}

// explain turns the parser's errors into one line that names the key.
func explain(err error) error {
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) && len(unknown.Errors) > 0 {
		keys := make([]string, 0, len(unknown.Errors))
		for i := range unknown.Errors {
			e := &unknown.Errors[i]
			row, _ := e.Position()
			keys = append(keys, fmt.Sprintf("%s (line %d)", strings.Join(e.Key(), "."), row))
		}
		return fmt.Errorf("unknown key %s: see docs/configuration.md for the keys there are", strings.Join(keys, ", "))
	}
	var wrong *toml.DecodeError
	if errors.As(err, &wrong) {
		row, _ := wrong.Position()
		return fmt.Errorf("line %d: %s", row, inKeys(strings.TrimPrefix(wrong.Error(), "toml: ")))
	}
	return err
}

// goField is how the parser names the target of a value of the wrong type.
var goField = regexp.MustCompile(`struct field config\.(\w+)\.(\w+)`)

// inKeys names the key of the file where the parser names the field of the struct.
func inKeys(text string) string {
	return goField.ReplaceAllStringFunc(text, func(match string) string {
		names := goField.FindStringSubmatch(match)
		kind, tag := reflect.TypeFor[Config](), ""
		for _, section := range reflect.VisibleFields(kind) {
			if section.Type.Name() == names[1] {
				kind, tag = section.Type, section.Tag.Get("toml")
				break
			}
		}
		if field, ok := kind.FieldByName(names[2]); ok && tag != "" {
			return "key " + tag + "." + field.Tag.Get("toml")
		}
		return match
	})
}

const prefix = "SPINSCOPE_"

// fromEnvironment applies SPINSCOPE_SECTION_KEY variables; lists are comma-separated. A variable of a known section with
// an unknown key is an error; other names with the prefix belong to other tools. fixed gets the keys that were set.
func fromEnvironment(cfg *Config, environ []string, fixed map[string]string) error {
	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || !strings.HasPrefix(name, prefix) {
			continue
		}
		section, key, ok := strings.Cut(strings.ToLower(strings.TrimPrefix(name, prefix)), "_")
		if !ok {
			continue
		}
		fields, known := field(reflect.ValueOf(cfg).Elem(), section)
		if !known {
			continue
		}
		target, found := field(fields, key)
		if !found {
			return fmt.Errorf("environment variable %s: unknown key %s.%s", name, section, key)
		}
		if err := set(target, value); err != nil {
			return fmt.Errorf("environment variable %s: %w", name, err)
		}
		fixed[section+"."+key] = name
	}
	return nil
}

func field(parent reflect.Value, name string) (reflect.Value, bool) {
	kind := parent.Type()
	for i := range kind.NumField() {
		if kind.Field(i).Tag.Get("toml") == name {
			return parent.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func set(target reflect.Value, text string) error {
	switch target.Kind() {
	case reflect.String:
		target.SetString(text)
	case reflect.Interface:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			target.Set(reflect.ValueOf(n))
		} else {
			target.Set(reflect.ValueOf(text))
		}
	case reflect.Bool:
		value, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		target.SetBool(value)
	case reflect.Int, reflect.Int64:
		value, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", text)
		}
		target.SetInt(value)
	case reflect.Float64:
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("%q is not a number", text)
		}
		target.SetFloat(value)
	case reflect.Slice:
		if target.Type().Elem().Kind() != reflect.String {
			return errors.New("cannot be set from the environment: use the file")
		}
		items := []string{}
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
		target.Set(reflect.ValueOf(items))
	default:
		return errors.New("cannot be set from the environment: use the file")
	}
	return nil
}
