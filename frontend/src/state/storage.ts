/** What outlives the page; null where the browser's settings forbid it. */
export function storage(): Storage | null {
  try {
    return localStorage
  } catch {
    return null
  }
}
