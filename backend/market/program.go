package market

import "fmt"

// Program is an on-chain program whose events are understood. The numbers are stored, never renumber them.
type Program uint8

// Kind is the type of an event: a program, and a number from 1 among its kinds. The numbers are stored, never renumber
// them. The zero Kind is none.
type Kind uint16

// kindBits is how many bits of a Kind are its number; the program is above them.
const kindBits = 8

// KindOf is the program's kind of that number. Packages of programs, which have constants, write it as one.
func KindOf(p Program, number uint8) Kind { return Kind(p)<<kindBits | Kind(number) }

// Program is the program whose kind it is.
func (k Kind) Program() Program { return Program(k >> kindBits) }

// Number is the kind's number in its program.
func (k Kind) Number() uint8 { return uint8(k) } //nolint:gosec // its lower bits

// Known reports whether a program declared the kind.
func (k Kind) Known() bool {
	return k.Number() > 0 && int(k.Number()) <= len(programs[k.Program()].kinds)
}

// String is the event_type on the wire; "Unknown" for a kind that nobody declared.
func (k Kind) String() string {
	if !k.Known() {
		return "Unknown"
	}
	return programs[k.Program()].kinds[k.Number()-1]
}

// String is the program's name on the wire, such as "spinpet"; its number for a program that nobody declared.
func (p Program) String() string {
	if name := programs[p].name; name != "" {
		return name
	}
	return fmt.Sprintf("program %d", uint8(p))
}

// programs has the names by number. It is written while packages are initialised, never later.
var programs [1 << 8]struct {
	name  string
	kinds []string
}

// DeclareProgram names a program and its kinds, which are numbered from 1 in this order. The package that knows the program
// calls it while it is initialised, and nobody later. It panics when the number is another's.
func DeclareProgram(p Program, name string, kinds ...string) {
	known := &programs[p]
	if known.name != "" {
		panic(fmt.Sprintf("program %d is %s and %s", uint8(p), known.name, name))
	}
	known.name, known.kinds = name, kinds
}

// formerly has kinds by the names that they had before.
var formerly = map[formerName]Kind{}

type formerName struct {
	program Program
	name    string
}

// DeclareFormerName lets ParseKind read a name that the kind had before, which files of that time have. Like DeclareProgram it
// is called while packages are initialised.
func DeclareFormerName(k Kind, name string) { formerly[formerName{k.Program(), name}] = k }

// ParseProgram is the program of that name; false when nobody declared it.
func ParseProgram(name string) (Program, bool) {
	for i := range programs {
		if programs[i].name == name && name != "" {
			return Program(i), true //nolint:gosec // as many as there are
		}
	}
	return 0, false
}

// KindsOf are the program's kinds in the order of their numbers.
func KindsOf(p Program) []Kind {
	kinds := make([]Kind, len(programs[p].kinds))
	for i := range kinds {
		kinds[i] = KindOf(p, uint8(i+1)) //nolint:gosec // as many as were declared
	}
	return kinds
}

// ParseKind is the program's kind of that name, or that had it before; false when it has none.
func ParseKind(p Program, name string) (Kind, bool) {
	for i, known := range programs[p].kinds {
		if known == name {
			return KindOf(p, uint8(i+1)), true //nolint:gosec // as many as were declared
		}
	}
	k, ok := formerly[formerName{p, name}]
	return k, ok
}
