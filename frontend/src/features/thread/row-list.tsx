/** The virtualised log of a thread: it stays at its end while one is there, and nowhere moves by itself else. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useThreadSession, useThreadState } from '@/runtime/use-thread'
import { IconButton } from '@/ui/button'
import { Row } from './rows'

const NEAR_TOP = 400

export function RowList() {
  const session = useThreadSession()
  const ids = useThreadState((state) => state.content.rowIds)
  const hasOlder = useThreadState((state) => state.oldest > 1)
  const scroller = useRef<HTMLDivElement>(null)
  const [atEnd, setAtEnd] = useState(true)

  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are called here, not handed on
  const virtual = useVirtualizer({
    count: ids.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 48,
    getItemKey: (index) => ids[index] ?? index,
    overscan: 6,
    anchorTo: 'end',
    followOnAppend: true,
    scrollEndThreshold: 60,
    paddingStart: 24,
    paddingEnd: 16,
  })

  const look = (): void => {
    const element = scroller.current
    if (element === null) return
    setAtEnd(element.scrollHeight - element.scrollTop - element.clientHeight < 80)
    if (element.scrollTop < NEAR_TOP && hasOlder) void session.loadOlder()
  }

  // A thread opens at its end.
  useEffect(() => {
    const element = scroller.current
    if (element !== null) element.scrollTop = element.scrollHeight
  }, [])

  return (
    <div className="relative min-h-0 flex-1">
      <div ref={scroller} onScroll={look} tabIndex={0} role="log" aria-label="Conversation" aria-live="off" className="h-full overflow-y-auto [overflow-anchor:none]">
        <div className="relative mx-auto w-full max-w-[760px]" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => (
            <div key={item.key} ref={virtual.measureElement} data-index={item.index} className="absolute inset-x-0 top-0 px-5" style={{ transform: `translateY(${String(item.start)}px)` }}>
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
            label="To the newest"
            look="plain"
            className="rounded-full"
            onClick={() => {
              virtual.scrollToEnd({ behavior: 'auto' })
            }}
          >
            <ArrowDown size={16} />
          </IconButton>
        </div>
      )}
    </div>
  )
}
