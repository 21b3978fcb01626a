/** The virtualised log of a thread: it stays at its end while one is there, and nowhere moves by itself else. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown } from 'lucide-react'
import { useLayoutEffect, useRef, useState } from 'react'
import { useRowIds, useThreadSession, useThreadState } from '@/runtime/use-thread'
import { IconButton } from '@/ui/button'
import { t } from '@/words'
import { Row } from './rows'

const NEAR_TOP = 400
const NEAR_END = 80

export function RowList() {
  const session = useThreadSession()
  const ids = useRowIds()
  const hasOlder = useThreadState((state) => state.older !== null)
  const scroller = useRef<HTMLDivElement>(null)
  const [atEnd, setAtEnd] = useState(true)
  // Whether it follows what is written: until the person scrolls up, and again from the end on.
  const follows = useRef(true)

  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are called here, not handed on
  const virtual = useVirtualizer({
    count: ids.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 48,
    getItemKey: (index) => ids[index] ?? index,
    overscan: 6,
    anchorTo: 'end',
    paddingStart: 24,
    paddingEnd: 16,
  })

  const look = (): void => {
    const element = scroller.current
    if (element === null) return
    const distance = element.scrollHeight - element.scrollTop - element.clientHeight
    const near = distance < NEAR_END
    if (distance < 4) follows.current = true
    setAtEnd(near)
    if (element.scrollTop < NEAR_TOP && hasOlder) void session.loadOlder()
  }

  // Only a person's hand ends following: positions change by themselves when rows are measured.
  const leave = (): void => {
    follows.current = false
  }

  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null) return
    // Once what has grown is laid out: before, the virtualiser would aim at an end that is still to move. And
    // through the virtualiser: past it, its own anchor would win.
    const observer = new ResizeObserver(() => {
      if (follows.current) virtual.scrollToEnd()
    })
    observer.observe(element)
    for (const child of element.children) observer.observe(child)
    return () => {
      observer.disconnect()
    }
  }, [virtual])

  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={scroller}
        onScroll={look}
        onWheel={({ deltaY }) => {
          if (deltaY < 0) leave()
        }}
        onTouchMove={leave}
        onPointerDown={({ target, currentTarget }) => {
          // Its scroll bar.
          if (target === currentTarget) leave()
        }}
        onKeyDown={({ key }) => {
          if (key === 'Tab' || key === 'ArrowUp' || key === 'PageUp' || key === 'Home') leave()
        }}
        tabIndex={0}
        role="log"
        aria-label={t('thread.conversation')}
        aria-live="off"
        className="h-full overflow-y-auto [overflow-anchor:none]"
      >
        <div className="relative mx-auto w-full max-w-[760px]" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => (
            <div
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              className="absolute inset-x-0 top-0 px-5"
              style={{ transform: `translateY(${String(item.start)}px)` }}
            >
              <div className="flow-root">
                <Row id={ids[item.index] ?? ''} />
              </div>
            </div>
          ))}
        </div>
      </div>
      {!atEnd && (
        <div className="absolute right-0 bottom-3 left-0 flex justify-center">
          <IconButton
            label={t('thread.toTheNewest')}
            look="plain"
            className="rounded-full"
            onClick={() => {
              follows.current = true
              virtual.scrollToEnd()
            }}
          >
            <ArrowDown size={16} />
          </IconButton>
        </div>
      )}
    </div>
  )
}
