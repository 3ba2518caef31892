const MIN_MS = 1000

/** Sets the window's title, at most once a second and the newest in the end: each is work for the browser, not the page. */
export function titleWriter(): (text: string) => void {
  let wanted = ''
  let waiting = false
  const write = () => {
    if (document.title !== wanted) document.title = wanted
  }
  return (text) => {
    wanted = text
    if (waiting) return
    write()
    waiting = true
    setTimeout(() => {
      waiting = false
      write()
    }, MIN_MS)
  }
}
