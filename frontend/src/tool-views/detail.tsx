/** The parts that open cards are made of. All of them are bounded: what is heavy belongs in the side panel. */
import type { ReactNode } from 'react'
import type { Call } from '@/protocol/state'
import { shownOutput } from '@/protocol/state'
import { TerminalText } from '@/ui/terminal-text'
import { t } from '@/words'

const MOST = 4000

export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <p className="px-3 pt-2 text-muted text-xs">{title}</p>
      {children}
    </section>
  )
}

/** Text of a machine; of long ones the end, or with `head` the beginning. */
export function Machine({ text, label, head = false }: { text: string; label: string; head?: boolean }) {
  const cut = text.length > MOST
  const shown = cut ? (head ? text.slice(0, MOST) : text.slice(-MOST)) : text
  return (
    <pre
      tabIndex={0}
      aria-label={label}
      className="max-h-64 overflow-auto whitespace-pre-wrap px-3 py-2 font-mono text-sm leading-[1.55] [overflow-wrap:anywhere]"
    >
      {cut && !head && (
        <span className="text-muted">
          … {t('tools.charactersBefore', { count: text.length - MOST })}
          {'\n'}
        </span>
      )}
      <TerminalText text={shown} />
      {cut && head && (
        <span className="text-muted">
          {'\n'}… {t('tools.charactersMore', { count: text.length - MOST })}
        </span>
      )}
    </pre>
  )
}

/** The end of what a call has put out so far, or its result. */
export function Output({ call }: { call: Call }) {
  const text = shownOutput(call)
  if (text === '') return null
  return (
    <Section title={call.output === '' ? t('tools.outputSoFar') : t('tools.result')}>
      <Machine text={text} label={t('tools.result')} />
    </Section>
  )
}

/** A call as the machine sees it. */
export function Raw({ call }: { call: Call }) {
  return (
    <>
      <Section title={t('tools.arguments')}>
        <Machine
          text={call.state === 'writing' ? call.tail : JSON.stringify(call.arguments, null, 2)}
          label={t('tools.arguments')}
          head
        />
      </Section>
      <Output call={call} />
    </>
  )
}
