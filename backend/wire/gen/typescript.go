package main

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

const header = "// Generated from backend/wire by `make gen`. Do not edit.\n"

// generate returns the TypeScript of the package in dir, and of the shapes of events in and below programs.
func generate(dir, programs string) ([]byte, error) {
	var shapes, own []string
	for pattern, names := range map[string]*[]string{
		filepath.Join(dir, "*.go"): &own, filepath.Join(programs, "*", "shapes.go"): &shapes,
	} {
		var err error
		if *names, err = filepath.Glob(pattern); err != nil { // sorted, so that the output is stable
			return nil, err
		}
	}

	if len(shapes) > 0 {
		own = append(own, filepath.Join(programs, "shape.go"))
	}

	files := token.NewFileSet()
	var parsed []*ast.File
	var events []string
	for i, name := range append(own, shapes...) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("parse: %w", err)
		}
		if i >= len(own) {
			events = append(events, eventsIn(file)...)
		}
		parsed = append(parsed, file)
	}

	var out bytes.Buffer
	out.WriteString(header)
	for _, file := range parsed {
		for _, decl := range file.Decls {
			if err := writeDecl(&out, decl, events); err != nil {
				return nil, fmt.Errorf("%s: %w", files.Position(decl.Pos()), err)
			}
		}
	}

	return out.Bytes(), nil
}

// eventsIn are the types of a file that describe an event: those with an EventType.
func eventsIn(file *ast.File) (names []string) {
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if body, ok := spec.Type.(*ast.StructType); ok && slices.ContainsFunc(body.Fields.List, func(f *ast.Field) bool {
			return len(f.Names) == 1 && f.Names[0].Name == "EventType"
		}) {
			names = append(names, spec.Name.Name)
		}
		return false
	})
	return names
}

// writeDecl writes the types of a declaration. events are the names of the shapes of events.
func writeDecl(out *bytes.Buffer, decl ast.Decl, events []string) error {
	group, ok := decl.(*ast.GenDecl)
	if !ok || group.Tok != token.TYPE {
		return nil
	}

	for _, spec := range group.Specs {
		spec := spec.(*ast.TypeSpec)
		doc := spec.Doc
		if doc == nil {
			doc = group.Doc
		}

		if !spec.Name.IsExported() {
			continue
		}
		override := directive(doc, "//ts:type ")
		if directive(doc, "//ts:events") != "" {
			override = strings.Join(events, " | ")
		}

		if override != "" {
			fmt.Fprintf(out, "\n%sexport type %s = %s\n", comment(doc.Text(), ""), spec.Name.Name, override)
			continue
		}

		body, ok := spec.Type.(*ast.StructType)
		if !ok {
			continue
		}
		if err := writeInterface(out, spec, body, doc); err != nil {
			return fmt.Errorf("%s: %w", spec.Name.Name, err)
		}
	}

	return nil
}

func writeInterface(out *bytes.Buffer, spec *ast.TypeSpec, body *ast.StructType, doc *ast.CommentGroup) error {
	var bases []string
	var fields bytes.Buffer
	for _, field := range body.Fields.List {
		if len(field.Names) == 0 {
			base, err := tsType(field.Type)
			if err != nil {
				return err
			}
			bases = append(bases, base)
			continue
		}
		if err := writeField(&fields, field); err != nil {
			return err
		}
	}

	if fields.Len() == 0 && len(bases) == 0 {
		return nil
	}
	name := spec.Name.Name
	if spec.TypeParams != nil {
		var params []string
		for _, param := range spec.TypeParams.List {
			for _, ident := range param.Names {
				params = append(params, ident.Name)
			}
		}
		name += "<" + strings.Join(params, ", ") + ">"
	}

	extends := ""
	if len(bases) > 0 {
		extends = " extends " + strings.Join(bases, ", ")
	}
	fmt.Fprintf(out, "\n%sexport interface %s%s {\n%s}\n", comment(doc.Text(), ""), name, extends, fields.String())
	return nil
}

func writeField(out *bytes.Buffer, field *ast.Field) error {
	if field.Tag == nil {
		return nil
	}
	raw, err := strconv.Unquote(field.Tag.Value)
	if err != nil {
		return err
	}

	tag := reflect.StructTag(raw)
	name, options, _ := strings.Cut(tag.Get("json"), ",")
	if name == "" || name == "-" {
		return nil
	}

	typ, err := tsType(field.Type)
	if err != nil {
		return fmt.Errorf("field %s: %w", name, err)
	}

	if values := tag.Get("enum"); values != "" {
		literals := strings.Split(values, ",")
		for i, value := range literals {
			literals[i] = "'" + value + "'"
		}
		if elements := strings.HasSuffix(typ, "[]"); elements { // an enum of what is in the list
			typ = "(" + strings.Join(literals, " | ") + ")[]"
		} else {
			typ = strings.Join(literals, " | ")
		}
	}

	mark := ""
	if strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero") {
		mark = "?"
		typ = strings.TrimSuffix(typ, " | null")
	}

	fmt.Fprintf(out, "%s  %s%s: %s\n", comment(tag.Get("doc"), "  "), name, mark, typ)
	return nil
}

// tsType is the TypeScript type of a Go type expression.
func tsType(expr ast.Expr) (string, error) {
	switch t := expr.(type) {
	case *ast.Ident:
		switch t.Name {
		case "string":
			return "string", nil
		case "bool":
			return "boolean", nil
		case "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "float64":
			return "number", nil
		case "any":
			return "unknown", nil
		}
		return t.Name, nil
	case *ast.StarExpr:
		inner, err := tsType(t.X)
		return inner + " | null", err
	case *ast.ArrayType:
		inner, err := tsType(t.Elt)
		if strings.Contains(inner, " ") {
			inner = "(" + inner + ")"
		}
		return inner + "[]", err
	case *ast.MapType:
		inner, err := tsType(t.Value)
		return "Record<string, " + inner + ">", err
	case *ast.SelectorExpr:
		switch full := fmt.Sprint(t.X) + "." + t.Sel.Name; full {
		case "market.Pubkey", "market.Signature":
			return "string", nil
		case "program.EventHead", "program.Amount":
			return t.Sel.Name, nil
		case "market.Seq", "market.Slot":
			return "number", nil
		case "json.RawMessage":
			return "unknown", nil
		default:
			return "", fmt.Errorf("no TypeScript for %s", full)
		}
	}

	return "", fmt.Errorf("no TypeScript for %T", expr)
}

// directive is the text after a mark in a doc comment, the mark itself where nothing follows, or "".
func directive(doc *ast.CommentGroup, mark string) string {
	if doc == nil {
		return ""
	}
	for _, line := range doc.List {
		if rest, ok := strings.CutPrefix(line.Text, mark); ok {
			return cmp.Or(strings.TrimSpace(rest), mark)
		}
	}
	return ""
}

// comment is text as a TypeScript doc comment, or "".
func comment(text, indent string) string {
	text = strings.TrimSpace(strings.ReplaceAll(text, "*/", "*\u2060/"))
	if text == "" {
		return ""
	}
	lines := strings.Split(text, "\n")
	if len(lines) == 1 {
		return indent + "/** " + text + " */\n"
	}
	return indent + "/**\n" + indent + " * " + strings.Join(lines, "\n"+indent+" * ") + "\n" + indent + " */\n"
}
