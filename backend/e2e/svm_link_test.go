package e2e

import (
	"bytes"
	"debug/elf"
	wire "encoding/binary"
	"errors"
	"fmt"
	"slices"
)

var errLink = errors.New("object that cannot be linked")

// section is a part of the file that linkProgram writes; file offsets are addresses at the same time.
type section struct {
	name       string
	kind       elf.SectionType
	flags      elf.SectionFlag
	data       []byte
	link, info uint32
	entry      uint64
	at         uint64
}

// linkProgram turns an object that clang made for the target bpf into a shared object as the Solana runtime loads it
// (the first version of its format), without a linker: one section of code, and one relocation for each call into the
// runtime. The object must have no other section with content.
func linkProgram(object []byte) ([]byte, error) {
	file, err := elf.NewFile(bytes.NewReader(object))
	if err != nil {
		return nil, err
	}

	for _, s := range file.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 && s.Size > 0 && s.Name != ".text" {
			return nil, fmt.Errorf("%w: it has a section %s", errLink, s.Name)
		}
	}

	code := file.Section(".text")
	if code == nil {
		return nil, fmt.Errorf("%w: no code", errLink)
	}

	text, err := code.Data()
	if err != nil {
		return nil, err
	}

	symbols, err := file.Symbols()
	if err != nil {
		return nil, err
	}

	start := slices.IndexFunc(symbols, func(s elf.Symbol) bool { return s.Name == "entrypoint" })
	if start < 0 {
		return nil, fmt.Errorf("%w: no entrypoint", errLink)
	}

	calls, err := relocations(file)
	if err != nil {
		return nil, err
	}

	const textAt = 64 + 3*56 // after the file's header and the program headers
	little := wire.LittleEndian
	names := []byte{0}
	table := make([]byte, 24) // of symbols; the first is none
	known := map[string]uint32{}
	symbol := func(name string, info byte, in uint16, value, size uint64) {
		known[name] = uint32(len(table) / 24) //nolint:gosec // a few
		table = little.AppendUint32(table, uint32(len(names)))
		table = little.AppendUint16(append(table, info, 0), in)
		table = little.AppendUint64(little.AppendUint64(table, value), size)
		names = append(append(names, name...), 0)
	}
	function := elf.ST_INFO(elf.STB_GLOBAL, elf.STT_FUNC)
	entry := textAt + symbols[start].Value
	symbol("entrypoint", function, 1, entry, symbols[start].Size)

	var fixes []byte
	for _, call := range calls {
		name := symbols[call.symbol-1].Name // the list leaves out the first, which is none
		if _, ok := known[name]; !ok {
			symbol(name, elf.ST_INFO(elf.STB_GLOBAL, elf.STT_NOTYPE), 0, 0, 0)
		}
		fixes = little.AppendUint64(fixes, textAt+call.offset)
		fixes = little.AppendUint64(fixes, uint64(known[name])<<32|relocateCall)
	}

	list := []*section{
		{},
		{name: ".text", kind: elf.SHT_PROGBITS, flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, data: text},
		{name: ".dynamic", kind: elf.SHT_DYNAMIC, flags: elf.SHF_ALLOC | elf.SHF_WRITE, data: make([]byte, 9*16), link: 4, entry: 16},
		{name: ".dynsym", kind: elf.SHT_DYNSYM, flags: elf.SHF_ALLOC, data: table, link: 4, info: 1, entry: 24},
		{name: ".dynstr", kind: elf.SHT_STRTAB, flags: elf.SHF_ALLOC, data: names},
		{name: ".rel.dyn", kind: elf.SHT_REL, flags: elf.SHF_ALLOC, data: fixes, link: 3, entry: 16},
		{name: ".shstrtab", kind: elf.SHT_STRTAB},
	}
	titles := []byte{0}
	at := uint64(textAt)
	title := make([]uint32, len(list))
	for i, s := range list[1:] {
		title[i+1] = uint32(len(titles)) //nolint:gosec // a few
		titles = append(append(titles, s.name...), 0)
	}

	list[6].data = titles
	for _, s := range list[1:] {
		at = (at + 7) &^ 7
		s.at = at
		at += uint64(len(s.data))
	}

	headers := (at + 7) &^ 7
	dynamic := list[2].data[:0]
	for _, tag := range []struct {
		tag   elf.DynTag
		value uint64
	}{
		{elf.DT_FLAGS, uint64(elf.DF_TEXTREL)},
		{elf.DT_REL, list[5].at},
		{elf.DT_RELSZ, uint64(len(fixes))},
		{elf.DT_RELENT, 16},
		{elf.DT_SYMTAB, list[3].at},
		{elf.DT_SYMENT, 24},
		{elf.DT_STRTAB, list[4].at},
		{elf.DT_STRSZ, uint64(len(names))},
		{elf.DT_NULL, 0},
	} {
		dynamic = little.AppendUint64(little.AppendUint64(dynamic, uint64(tag.tag)), tag.value) //nolint:gosec // positive
	}

	var out bytes.Buffer
	write := func(value any) { err = errors.Join(err, wire.Write(&out, little, value)) }
	write(elf.Header64{
		Ident: [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_DYN), Machine: uint16(elf.EM_BPF), Version: uint32(elf.EV_CURRENT), Entry: entry, Phoff: 64, Shoff: headers,
		Ehsize: 64, Phentsize: 56, Phnum: 3, Shentsize: 64, Shnum: uint16(len(list)), Shstrndx: 6, //nolint:gosec // seven
	})

	load := func(kind elf.ProgType, flags elf.ProgFlag, at, size, align uint64) {
		write(elf.Prog64{Type: uint32(kind), Flags: uint32(flags), Off: at, Vaddr: at, Paddr: at, Filesz: size, Memsz: size, Align: align})
	}
	load(elf.PT_LOAD, elf.PF_R|elf.PF_X, list[1].at, uint64(len(text)), 4096)
	load(elf.PT_LOAD, elf.PF_R, list[2].at, list[6].at-list[2].at, 4096)
	load(elf.PT_DYNAMIC, elf.PF_R|elf.PF_W, list[2].at, uint64(len(dynamic)), 8)

	pad := func(to uint64) { out.Write(make([]byte, to-uint64(out.Len()))) } //nolint:gosec // a length
	for _, s := range list[1:] {
		pad(s.at)
		out.Write(s.data)
	}

	pad(headers)
	for i, s := range list {
		header := elf.Section64{
			Name: title[i], Type: uint32(s.kind), Flags: uint64(s.flags), Off: s.at, Size: uint64(len(s.data)),
			Link: s.link, Info: s.info, Entsize: s.entry, Addralign: 8,
		}
		if s.flags&elf.SHF_ALLOC != 0 {
			header.Addr = s.at
		}
		write(header)
	}

	return out.Bytes(), err
}

const relocateCall = 10 // R_BPF_64_32: a call to the symbol

type relocation struct {
	offset uint64
	symbol uint32
}

// relocations lists the calls that the code leaves open.
func relocations(file *elf.File) (list []relocation, err error) {
	s := file.Section(".rel.text")
	if s == nil {
		return nil, nil
	}
	data, err := s.Data()
	if err != nil {
		return nil, err
	}
	for ; len(data) >= 16; data = data[16:] {
		info := wire.LittleEndian.Uint64(data[8:])
		if info&0xffffffff != relocateCall {
			return nil, fmt.Errorf("%w: relocation of type %d", errLink, info&0xffffffff)
		}
		list = append(list, relocation{wire.LittleEndian.Uint64(data), uint32(info >> 32)}) //nolint:gosec // the upper half
	}
	return list, nil
}
