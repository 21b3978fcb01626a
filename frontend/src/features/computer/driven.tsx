/** The agent's browser in a person's hands: address bar, tabs, the window, and how it goes back to the agent. */
import { ArrowLeft, ArrowRight, Plus, RotateCw, X } from 'lucide-react'
import { useRef, useState } from 'react'
import type { SyntheticEvent } from 'react'
import type { BrowserTab } from '@/protocol/types'
import { act, handBack, useDriving } from '@/runtime/driving'
import { useSending } from '@/runtime/use-sending'
import { useThreadSession } from '@/runtime/use-thread'
import { Alert } from '@/ui/alert'
import { Button, IconButton } from '@/ui/button'
import { cn } from '@/ui/cn'
import { t } from '@/words'
import { DrivenWindow } from './driven-window'

const MOST_TABS = 6

export function Driven() {
  const tabs = useDriving((state) => state.look?.tabs ?? [])
  const problem = useDriving((state) => state.problem)
  const leave = useRef<HTMLButtonElement>(null)
  const current = tabs.find((tab) => tab.current)
  return (
    <section aria-label={t('computer.theBrowserIsYours')} className="flex h-full flex-col">
      <Bar key={current?.address ?? ''} address={current?.address ?? ''} />
      <TabStrip tabs={tabs} />
      {problem !== null && <Alert className="px-4 pt-3">{problem}</Alert>}
      <DrivenWindow
        onLeave={() => {
          leave.current?.focus()
        }}
      />
      <HandBack button={leave} />
    </section>
  )
}

function Bar({ address }: { address: string }) {
  const [url, setUrl] = useState(address === 'about:blank' ? '' : address)
  const step = (action: 'back' | 'forward' | 'reload') => (): void => {
    act({ type: 'history', action })
  }
  const go = (event: SyntheticEvent): void => {
    event.preventDefault()
    if (url.trim() !== '') act({ type: 'go', url: url.trim() })
  }
  return (
    <form onSubmit={go} className="flex h-11 shrink-0 items-center gap-0.5 border-b px-2">
      <IconButton label={t('computer.back')} size="icon-small" onClick={step('back')}>
        <ArrowLeft size={15} />
      </IconButton>
      <IconButton label={t('computer.forward')} size="icon-small" onClick={step('forward')}>
        <ArrowRight size={15} />
      </IconButton>
      <IconButton label={t('computer.loadThePageAgain')} size="icon-small" onClick={step('reload')}>
        <RotateCw size={14} />
      </IconButton>
      <input
        value={url}
        aria-label={t('computer.address')}
        placeholder={t('computer.enterAnAddress')}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        onChange={(event) => {
          setUrl(event.target.value)
        }}
        className="mx-1 h-7 min-w-0 flex-1 rounded-sm border bg-bg px-2 font-mono text-sm placeholder:font-sans placeholder:text-muted"
      />
      <IconButton
        label={t('computer.openATab')}
        size="icon-small"
        onClick={() => {
          act({ type: 'tab', action: 'open', tab: 0 })
        }}
      >
        <Plus size={15} />
      </IconButton>
    </form>
  )
}

function TabStrip({ tabs }: { tabs: readonly BrowserTab[] }) {
  if (tabs.length < 2) return null
  return (
    <ul aria-label={t('computer.tabsOfTheBrowser')} className="flex shrink-0 gap-1 overflow-x-auto border-b px-2 py-1">
      {tabs.slice(0, MOST_TABS).map((tab, place) => {
        const name = tab.title || tab.address
        return (
          <li key={place} className={cn('flex items-center rounded-sm', tab.current && 'bg-raised ring-1 ring-line')}>
            <button
              type="button"
              aria-current={tab.current}
              title={tab.address}
              onClick={() => {
                act({ type: 'tab', action: 'switch', tab: place + 1 })
              }}
              className={cn('h-7 max-w-36 truncate rounded-sm pl-2 text-sm', !tab.current && 'text-muted')}
            >
              {name}
            </button>
            <IconButton
              label={t('computer.closeName', { name })}
              size="icon-small"
              onClick={() => {
                act({ type: 'tab', action: 'close', tab: place + 1 })
              }}
            >
              <X size={12} />
            </IconButton>
          </li>
        )
      })}
    </ul>
  )
}

function HandBack({ button }: { button: React.Ref<HTMLButtonElement> }) {
  const session = useThreadSession()
  const [note, setNote] = useState('')
  const { sending, problem, send } = useSending()
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    void send(async () => {
      const run = await handBack(note.trim())
      if (run !== null) session.takeRun(run)
    })
  }
  return (
    <form onSubmit={submit} className="shrink-0 border-t bg-bg px-3 py-2.5">
      <p className="mb-2 text-muted text-sm">{t('computer.theAgentWaitsWithIts')}</p>
      <div className="flex gap-2">
        <input
          value={note}
          aria-label={t('computer.aNoteToTheAgent')}
          placeholder={t('computer.aNoteToTheAgentIf')}
          maxLength={2000}
          onChange={(event) => {
            setNote(event.target.value)
          }}
          className="h-9 min-w-0 flex-1 rounded-sm border bg-raised px-3 placeholder:text-muted"
        />
        <Button ref={button} type="submit" look="primary" size="large" disabled={sending}>
          {t('computer.handBack')}
        </Button>
      </div>
      {problem !== null && <Alert className="mt-2">{problem}</Alert>}
    </form>
  )
}
