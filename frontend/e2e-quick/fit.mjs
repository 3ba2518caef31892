// Whether everything has its place: what is cut, what lies over something else, which tooltips are too wide.

/** Texts that are cut, by an ellipsis or an edge, and have no title with the whole. */
export const cut = (page) =>
  page.evaluate(() => {
    const found = []
    const hides = ({ overflowX, contain }) =>
      overflowX === 'hidden' || overflowX === 'clip' || /strict|content|paint/.test(contain)
    for (const node of document.querySelectorAll('body *')) {
      if (![...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim())) continue
      // What has no room in a small chart's legend wraps out of sight whole.
      if (!node.checkVisibility() || node.closest('.visually-hidden, [title], [data-testid="legend"]')) continue
      const range = document.createRange()
      range.selectNodeContents(node)
      const { left, right, width } = range.getBoundingClientRect()
      if (width === 0) continue
      const say = (why) =>
        found.push(`${why}: ${node.tagName} ${node.className} "${node.textContent.trim().slice(0, 60)}"`)
      let scrolls = false
      for (let box = node; box; box = box.parentElement) {
        const style = getComputedStyle(box)
        scrolls = style.overflowX === 'auto' || style.overflowX === 'scroll'
        if (scrolls) break
        const edge = box.getBoundingClientRect()
        if (hides(style) && (left < edge.left - 1 || right > edge.right + 1)) say('cut')
        if (style.overflowY === 'hidden' && box === node && box.scrollHeight > box.clientHeight + 2) say('cut below')
      }
      if (!scrolls && (left < -1 || right > innerWidth + 1)) say('outside the window')
      if (node.tagName === 'BUTTON' && node.scrollHeight > node.clientHeight + 1) say('too tall for its button')
    }
    return [...new Set(found)]
  })

/** Controls and texts that something else lies over, and controls outside the window; of a dialog or menu, its own. */
export const covered = (page) =>
  page.evaluate(() => {
    const found = []
    const tops = [...document.querySelectorAll('dialog[open], [role="menu"], [role="combobox"] ~ * [role="listbox"]')]
    const top = tops.filter((node) => node.checkVisibility()).at(-1) ?? document
    const controls = 'button, input, select, [role="tab"], [role="option"], [data-testid="trade"], h1, dd, dt'
    for (const node of top.querySelectorAll(controls)) {
      if (!node.checkVisibility({ visibilityProperty: true }) || node.closest('.visually-hidden')) continue
      let { left, top, right, bottom } = node.getBoundingClientRect()
      if (right <= left || bottom <= top) continue
      // Of what scrolls, the part in sight counts.
      for (let box = node.parentElement; box; box = box.parentElement) {
        const { overflowX, overflowY } = getComputedStyle(box)
        const edge = box.getBoundingClientRect()
        if (overflowX !== 'visible') [left, right] = [Math.max(left, edge.left), Math.min(right, edge.right)]
        if (overflowY !== 'visible') [top, bottom] = [Math.max(top, edge.top), Math.min(bottom, edge.bottom)]
      }
      const icon = node.matches('button') && node.querySelector('svg')?.getBoundingClientRect()
      const name = `${node.tagName} ${node.dataset.testid ?? node.className} "${node.textContent.trim().slice(0, 30)}"`
      if (right - left < 4 || bottom - top < 4) {
        if (node.matches('header button, footer button')) found.push(`out of sight: ${name}`)
        continue
      }
      if (left < -1 || right > innerWidth + 1 || top < -1 || bottom > innerHeight + 1) found.push(`outside: ${name}`)
      if (icon && right - left < icon.width) found.push(`squeezed: ${name}`)
      for (const share of [0.1, 0.5, 0.9]) {
        const over = document.elementFromPoint(left + (right - left) * share, (top + bottom) / 2)
        if (over && (over === node || node.contains(over) || over.contains(node))) continue
        found.push(`${over?.tagName} ${over?.dataset?.testid ?? over?.className} lies over ${name}`)
        break
      }
    }
    const { scrollWidth, clientWidth, scrollHeight, clientHeight } = document.documentElement
    if (scrollWidth > clientWidth || scrollHeight > clientHeight) found.push('the window scrolls')
    return found
  })

/** Lines of tooltips that the system would draw wider than a pane. */
export const wideTitles = (page, most = 90) =>
  page.evaluate(
    (most) =>
      [...document.querySelectorAll('[title]')]
        .flatMap(({ title }) => title.split('\n'))
        .filter((line) => line.length > most),
    most,
  )
