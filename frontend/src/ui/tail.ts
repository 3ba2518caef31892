/** Keeps a list that grows at its end in sight there, while nobody scrolled up. Call it before the list is drawn. */
export function followEnd(scroller: () => HTMLElement | undefined): void {
  const now = scroller()
  if (now && now.scrollHeight - now.scrollTop - now.clientHeight > 24) return
  requestAnimationFrame(() => {
    const then = scroller()
    then?.scrollTo(0, then.scrollHeight)
  })
}
