/** Why something failed, in words for the person. What the shell rejects with is an error or a plain text. */
export function reason(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem)
}
