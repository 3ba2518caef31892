/** Characters of a line of a tooltip at most: the system draws it as wide as its longest line. */
const WIDTH = 56

/** A tooltip of these lines, broken where they are too long: between words, and within what has no spaces. */
export function hint(...lines: (string | false | undefined)[]): string {
  const broken = lines.flatMap((line) => (line ? line.split('\n') : [])).flatMap(wrap)
  return broken.join('\n')
}

function wrap(line: string): string[] {
  const rows = ['']
  for (const word of line.split(' ')) {
    const row = rows[rows.length - 1] ?? ''
    const longer = row ? `${row} ${word}` : word
    if (longer.length <= WIDTH) rows[rows.length - 1] = longer
    else rows.push(...(word.match(new RegExp(`.{1,${WIDTH}}`, 'gu')) ?? []))
  }
  return rows.filter(Boolean)
}
