const DIGITS = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const BYTES = 32
/** Characters that 32 bytes take, at the least and at the most. */
const [SHORTEST, LONGEST] = [32, 44]

/** Whether the text is an address of the chain: base58 of 32 bytes. */
export function isAddress(text: string): boolean {
  if (text.length < SHORTEST || text.length > LONGEST) return false
  let value = 0n
  for (const character of text) {
    const digit = DIGITS.indexOf(character)
    if (digit < 0) return false
    value = value * 58n + BigInt(digit)
  }
  // Every leading 1 is a byte 0; the number itself holds the others.
  const zeros = /^1*/.exec(text)?.[0].length ?? 0
  const rest = value === 0n ? 0 : Math.ceil(value.toString(16).length / 2)
  return zeros + rest === BYTES
}

/** What is wrong with a text that is to be an address; empty when it is one. */
export function addressProblem(text: string): string {
  if (isAddress(text)) return ''
  return text.length >= SHORTEST - 4 && !/\s/.test(text)
    ? 'this is not a mint address: it must be 32 bytes in base58'
    : 'choose a token from the list, or paste its mint address'
}

/** The one address in a text, such as a link to a page about a coin; empty when it holds none, or several. */
export function addressIn(text: string): string {
  const found = new Set((text.match(/[0-9A-Za-z]+/g) ?? []).filter(isAddress))
  return found.size === 1 ? ([...found][0] ?? '') : ''
}
