/** What pointer, wheel, touch and keys mean in the picture of the browser's window. */
import { useEffect, useRef } from 'react'
import type { PointerEvent, RefObject } from 'react'
import { modifiers } from '@/protocol/driving'
import { act } from '@/runtime/driving'

export const WIDTH = 1280
export const HEIGHT = 800
const TWICE_MS = 400
const NEAR = 6
const BUTTONS = ['left', 'middle', 'right'] as const

interface Place {
  readonly x: number
  readonly y: number
}

function placeIn(element: Element, { clientX, clientY }: { clientX: number; clientY: number }): Place {
  const at = element.getBoundingClientRect()
  const across = Math.min(1, Math.max(0, (clientX - at.left) / at.width))
  const down = Math.min(1, Math.max(0, (clientY - at.top) / at.height))
  return { x: Math.round(across * (WIDTH - 1)), y: Math.round(down * (HEIGHT - 1)) }
}

/** The handlers of the element that lies over the picture; a finger taps and scrolls. */
export function usePointer(surface: RefObject<HTMLElement | null>) {
  const last = useRef({ at: 0, x: 0, y: 0, count: 0 })
  const finger = useRef<{ x: number; y: number; moved: boolean } | null>(null)

  useEffect(() => {
    const element = surface.current
    if (element === null) return
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault()
      const by = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1
      const [dx, dy] = [bounded(event.deltaX * by), bounded(event.deltaY * by)]
      act({ type: 'wheel', ...placeIn(element, event), dx, dy, modifiers: modifiers(event) })
    }
    // React listens passively, and the panel would scroll.
    element.addEventListener('wheel', onWheel, { passive: false })
    return () => {
      element.removeEventListener('wheel', onWheel)
    }
  }, [surface])

  const press = (type: 'down' | 'up', place: Place, event: PointerEvent, count: number): void => {
    act({ type, ...place, button: BUTTONS[event.button] ?? 'left', count, modifiers: modifiers(event) })
  }
  const counted = (place: Place, at: number): number => {
    const { current: before } = last
    const near = Math.abs(place.x - before.x) <= NEAR && Math.abs(place.y - before.y) <= NEAR
    const count = near && at - before.at < TWICE_MS ? Math.min(3, before.count + 1) : 1
    last.current = { at, ...place, count }
    return count
  }

  return {
    onPointerDown: (event: PointerEvent): void => {
      const place = placeIn(event.currentTarget, event)
      event.currentTarget.setPointerCapture(event.pointerId)
      if (event.pointerType === 'touch') finger.current = { x: event.clientX, y: event.clientY, moved: false }
      else press('down', place, event, counted(place, event.timeStamp))
    },
    onPointerMove: (event: PointerEvent): void => {
      const place = placeIn(event.currentTarget, event)
      if (event.pointerType !== 'touch') {
        act({ type: 'move', ...place, modifiers: modifiers(event) })
      } else if (finger.current !== null) {
        const scale = WIDTH / event.currentTarget.getBoundingClientRect().width
        const [dx, dy] = [finger.current.x - event.clientX, finger.current.y - event.clientY]
        const moved = finger.current.moved || Math.hypot(dx, dy) > NEAR
        if (!moved) return
        finger.current = { x: event.clientX, y: event.clientY, moved }
        act({ type: 'wheel', ...place, dx: bounded(dx * scale), dy: bounded(dy * scale), modifiers: [] })
      }
    },
    onPointerUp: (event: PointerEvent): void => {
      const place = placeIn(event.currentTarget, event)
      if (event.pointerType !== 'touch') {
        press('up', place, event, Math.max(1, last.current.count))
      } else if (finger.current?.moved === false) {
        const count = counted(place, event.timeStamp)
        press('down', place, event, count)
        press('up', place, event, count)
      }
      finger.current = null
    },
  }
}

function bounded(distance: number): number {
  return Math.max(-10_000, Math.min(10_000, Math.round(distance)))
}
