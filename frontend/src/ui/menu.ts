/** Moves the focus through the items of the menu inside `host`, for an arrow key; false for any other. */
export function walkMenu(host: HTMLElement, event: KeyboardEvent): boolean {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  if (step === 0) return false
  event.preventDefault()
  event.stopPropagation()
  const entries = [...host.querySelectorAll<HTMLElement>('[role^=menuitem]')]
  const place = entries.indexOf(document.activeElement as HTMLElement)
  entries[(Math.max(place, step > 0 ? -1 : 0) + step + entries.length) % entries.length]?.focus()
  return true
}
