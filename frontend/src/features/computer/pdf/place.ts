/** Where one reads: the page on the line of reading, and how it is kept where it is at another size. */

export interface Place {
  readonly page: number
  /** How far down and across that page, in parts of its height and width. */
  readonly down: number
  readonly across: number
  /** How far below the top of what is seen, in pixels: 0 unless the page begins within what is seen. */
  readonly below: number
}

/** The line of reading is a third below the top of what is seen. */
function readingLine(area: HTMLElement): number {
  return area.getBoundingClientRect().top + area.clientHeight / 3
}

/** The middle of what is seen, from left to right. */
function middle(area: HTMLElement): number {
  return area.getBoundingClientRect().left + area.clientWidth / 2
}

export function numberOf(page: Element): number {
  return Number(page.getAttribute('data-page'))
}

/** The page that is read; at the very end, the last one. */
export function pageAt(area: HTMLElement): number {
  const pages = area.querySelectorAll('[data-page]')
  if (area.scrollTop > 0 && area.scrollTop + area.clientHeight >= area.scrollHeight - 1) return pages.length
  return pageOnLine(area)
}

/** What is seen; null while there are no pages, and at the very top, where one stays at any size. */
export function placeSeen(area: HTMLElement): Place | null {
  const page = pageOnLine(area)
  const box = boxOf(area, page)
  if (box === null || area.scrollTop === 0) return null
  const { top } = area.getBoundingClientRect()
  const seen = Math.max(box.top, top)
  return {
    page,
    down: (seen - box.top) / box.height,
    across: (middle(area) - box.left) / box.width,
    below: seen - top,
  }
}

/** Scrolls so that `place` is where it was seen. */
export function showPlace(area: HTMLElement, place: Place): void {
  const box = boxOf(area, place.page)
  if (box === null) return
  area.scrollTop += box.top + place.down * box.height - area.getBoundingClientRect().top - place.below
  area.scrollLeft += box.left + place.across * box.width - middle(area)
}

function boxOf(area: HTMLElement, page: number): DOMRect | null {
  return area.querySelector(`[data-page="${String(page)}"]`)?.getBoundingClientRect() ?? null
}

function pageOnLine(area: HTMLElement): number {
  const line = readingLine(area)
  let found = 1
  for (const page of area.querySelectorAll('[data-page]')) {
    if (page.getBoundingClientRect().top > line) break
    found = numberOf(page)
  }
  return found
}
