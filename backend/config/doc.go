// Package config is the program's configuration: defaults, the TOML file, the environment, and their validation.
//
// Precedence: flag > environment (SPINSCOPE_SECTION_KEY) > file > default; flags are applied by package cli. Every error
// names the key and the way out. A Config is a plain value, safe to copy, never changed after Validate.
package config
