/** What the window knows of a program that coins are traded on. */
interface ProgramFacts {
  /** As people write it. */
  name: string
  /** What it is, for a tooltip. */
  what: string
  /** Whether it has margin orders, and so liquidations. */
  margin: boolean
}

/** Every program that is understood, by the name that answers have. */
const PROGRAMS: Record<string, ProgramFacts> = {
  spinpet: { name: 'SpinPet', what: 'SpinPet: a curve with margin orders', margin: true },
  pump: { name: 'pump', what: 'pump: the curve that a coin begins on', margin: false },
  pumpswap: {
    name: 'PumpSwap',
    what: 'PumpSwap: the pool that a coin moves to when its curve is sold out',
    margin: false,
  },
}

/** What is read of a program, where that is not each coin that somebody watches or all of the program from its beginning. */
export function followedText(followed: { state: string; message: string } | undefined): string {
  if (!followed) return ''
  switch (followed.state) {
    case 'off':
      return 'not read: off in the configuration'
    case 'live':
      return 'all coins, live only'
    default:
      return `all coins, live only: ${followed.message || followed.state}`
  }
}

/** Where coins are traded unless an answer says otherwise. */
export const FIRST_PROGRAM = 'spinpet'

/** Their names in answers, in the order in which they are explained. */
export const PROGRAM_NAMES = Object.keys(PROGRAMS)

/** A program by its name in answers; one that this page does not know has no margin as far as it knows. */
export function programFacts(program: string): ProgramFacts {
  return PROGRAMS[program] ?? { name: program, what: program, margin: false }
}
