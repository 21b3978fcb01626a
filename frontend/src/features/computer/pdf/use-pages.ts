/** Which pages are near to what is seen, which one is read, and how large they are. */
import type { RefObject } from 'react'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { Place } from './place'
import { numberOf, pageAt, placeSeen, showPlace } from './place'

export const MOST_PAGES = 1000
const SIZES = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4]
/** Pixels beside the pages. */
const MARGIN = 24
/** How far from what is seen a page is drawn already, in parts of the height of what is seen. */
const AHEAD = '60%'

export interface Pages {
  readonly area: RefObject<HTMLDivElement | null>
  /** Pixels a point; 0 until the width is known. */
  readonly scale: number
  readonly near: ReadonlySet<number>
  readonly current: number
  readonly goTo: (page: number) => void
  /** Larger (1), smaller (-1), or as wide as there is room (0). */
  readonly zoom: (direction: -1 | 0 | 1) => void
}

/** `width` is that of a page, in points. */
export function usePages(count: number, width: number): Pages {
  const area = useRef<HTMLDivElement>(null)
  const [room, setRoom] = useState(0)
  const [chosen, setChosen] = useState<number | null>(null)
  const [near, setNear] = useState<ReadonlySet<number>>(new Set())
  const [current, setCurrent] = useState(1)
  const fitting = room === 0 ? 0 : Math.min(2, Math.max(0.1, (room - MARGIN) / width))
  const scale = chosen ?? fitting
  /** What was seen when another size was asked for. */
  const held = useRef<Place | null>(null)

  useLayoutEffect(() => {
    if (area.current !== null && held.current !== null) showPlace(area.current, held.current)
    held.current = null
  }, [scale])

  useEffect(() => {
    const place = area.current
    if (place === null) return
    const watch = new ResizeObserver(() => {
      held.current = placeSeen(place)
      setRoom(place.clientWidth)
    })
    watch.observe(place)
    return () => {
      watch.disconnect()
    }
  }, [])

  useEffect(() => {
    const place = area.current
    if (place === null || scale === 0) return
    const watch = new IntersectionObserver(
      (changes) => {
        setNear((known) => {
          const next = new Set(known)
          for (const { target, isIntersecting } of changes) {
            if (isIntersecting) next.add(numberOf(target))
            else next.delete(numberOf(target))
          }
          return next
        })
      },
      { root: place, rootMargin: `${AHEAD} 0px` },
    )
    for (const page of place.querySelectorAll('[data-page]')) watch.observe(page)
    const look = (): void => {
      setCurrent(pageAt(place))
    }
    place.addEventListener('scroll', look, { passive: true })
    return () => {
      watch.disconnect()
      place.removeEventListener('scroll', look)
    }
  }, [count, scale])

  const goTo = (page: number): void => {
    if (!Number.isFinite(page)) return
    const wanted = Math.min(count, Math.max(1, Math.round(page)))
    area.current?.querySelector(`[data-page="${String(wanted)}"]`)?.scrollIntoView({ block: 'start' })
    setCurrent(wanted)
  }

  return {
    area,
    scale,
    near,
    current,
    goTo,
    zoom: (direction) => {
      const next = direction > 0 ? SIZES.find((one) => one > scale + 0.01) : SIZES.findLast((one) => one < scale - 0.01)
      if (area.current !== null) held.current = placeSeen(area.current)
      setChosen(direction === 0 ? null : (next ?? scale))
    },
  }
}
