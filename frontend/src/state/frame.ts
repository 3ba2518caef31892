/** Runs work at most once per animation frame, and four times a second while the page is hidden. */
export interface Frame {
  request(): void
  cancel(): void
}

const HIDDEN_MS = 250

export function onFrame(work: () => void): Frame {
  let frame = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const cancel = () => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
    timer = undefined
  }
  const run = () => {
    cancel()
    work()
  }
  return {
    request() {
      if (timer !== undefined) return
      if (!document.hidden) frame = requestAnimationFrame(run)
      // Also the way out for a page that is hidden before its frame comes.
      timer = setTimeout(run, HIDDEN_MS)
    },
    cancel,
  }
}
