/** The button with which a person takes the agent's browser over, and what stands in the way of it. */
import { MousePointerClick } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { explain } from '@/runtime/api'
import { takeBrowser } from '@/runtime/driving'
import { usePanel } from '@/runtime/panel'
import { Alert } from '@/ui/alert'
import { Button } from '@/ui/button'
import type { ButtonProps } from '@/ui/button'
import { cn } from '@/ui/cn'
import { t } from '@/words'

interface TakeOverProps extends Pick<ButtonProps, 'look' | 'size' | 'className'> {
  runId: string
  /** Opened if the browser has ended meanwhile. */
  address: string
  /** Whether it was just handed back: then the button has the focus that the window had. */
  focused?: boolean
}

export function TakeOver({ runId, address, focused = false, className, ...looks }: TakeOverProps) {
  const show = usePanel((state) => state.show)
  const button = useRef<HTMLButtonElement>(null)
  const [taking, setTaking] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  useEffect(() => {
    if (focused) button.current?.focus()
  }, [focused])

  const take = async (): Promise<void> => {
    setTaking(true)
    setProblem(null)
    try {
      await takeBrowser(runId, address)
      show('browser')
    } catch (error) {
      setProblem(explain(error))
    } finally {
      setTaking(false)
    }
  }
  return (
    <div className={cn('flex min-w-0 flex-col items-start gap-2', className)}>
      <Button ref={button} {...looks} disabled={taking} onClick={() => void take()}>
        <MousePointerClick size={14} aria-hidden="true" /> {taking ? t('thread.takingOver') : t('thread.takeOver')}
      </Button>
      {problem !== null && <Alert className="text-sm">{problem}</Alert>}
    </div>
  )
}
