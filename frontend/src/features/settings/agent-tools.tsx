/** Which tools an agent has, and before which it must ask. */
import { leaveOf } from '@/protocol/agents'
import type { AgentDraft, Leave } from '@/protocol/agents'
import type { ToolInfo } from '@/protocol/types'
import { useMayWrite } from '@/runtime/rights'
import { AREA, Field } from '@/ui/field'
import { Segments } from '@/ui/segments'
import { t } from '@/words'
import { LEAVES, ToolFamily } from './tool-family'
import { Rich } from '@/ui/rich'
import { problemOf } from './wrong-field'
import type { WrongField } from './wrong-field'

/** They only talk with the person: a question about them would be one too many. */
const TALKS = 'talk'
const PATTERNS: readonly { leave: Exclude<Leave, 'allow'>; title: string; note: string }[] = [
  {
    leave: 'ask',
    get title() {
      return t('settings.alsoAskBefore')
    },
    get note() {
      return t('settings.onePatternALineSuch')
    },
  },
  {
    leave: 'deny',
    get title() {
      return t('settings.never')
    },
    get note() {
      return t('settings.theStrictestRuleCountsNever')
    },
  },
]

interface AgentToolsProps {
  draft: AgentDraft
  tools: readonly ToolInfo[]
  wrong: WrongField | null
  onChange: (draft: AgentDraft) => void
}

export function AgentTools({ draft, tools, wrong, onChange }: AgentToolsProps) {
  const mayWrite = useMayWrite()
  const offered = tools.filter((tool) => tool.offered && tool.family !== TALKS)
  const missing = tools.filter((tool) => !tool.offered)
  const families = [...new Set(offered.map((tool) => tool.family))]
  return (
    <div className="flex flex-col gap-4">
      <div>
        <h3 className="mb-2 font-medium">{t('settings.tools')}</h3>
        <ul aria-label={t('settings.tools')} className="divide-y rounded-md border bg-raised">
          {families.map((family) => (
            <ToolFamily
              key={family}
              family={family}
              tools={offered.filter((tool) => tool.family === family)}
              draft={draft}
              onChange={onChange}
            />
          ))}
          <li className="flex flex-wrap items-center gap-x-4 gap-y-1 py-2.5 pr-3 pl-[34px]">
            <span className="min-w-0 flex-1 basis-48">
              <span className="font-medium">{t('settings.everythingElse')}</span>
              <span className="block text-muted text-sm">{t('settings.toolsThatComeLaterAnd')}</span>
            </span>
            <Segments
              small
              disabled={!mayWrite}
              legend={t('settings.everythingElse')}
              value={draft.otherwise}
              options={LEAVES}
              onChange={(otherwise) => {
                // What was chosen for the tools above stays what it was.
                const tools = new Map(offered.map((tool) => [tool.name, leaveOf(draft, tool.name)]))
                onChange({ ...draft, tools: new Map([...draft.tools, ...tools]), otherwise })
              }}
            />
          </li>
        </ul>
      </div>
      {missing.length > 0 && (
        <details>
          <summary className="cursor-pointer text-muted hover:text-fg">
            {t('settings.toolsNotOfferedAndWhy', { count: missing.length })}
          </summary>
          <ul aria-label={t('settings.toolsThatAreNotOffered')} className="mt-2 divide-y rounded-md border">
            {missing.map((tool) => (
              <li key={tool.name} className="px-4 py-2">
                <span className="font-mono text-sm">{tool.name}</span>
                <span className="block text-muted text-sm">
                  {tool.reason}
                  {tool.setting !== '' && (
                    <>
                      {' '}
                      <Rich
                        of="settings.setThis"
                        parts={{ setting: <code className="font-mono">{tool.setting}</code> }}
                      />
                    </>
                  )}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        {PATTERNS.map(({ leave, title, note }) => (
          <Field key={leave} label={title} note={note} problem={problemOf(wrong, leave)}>
            {(ids) => (
              <textarea
                {...ids}
                value={draft.patterns[leave]}
                readOnly={!mayWrite}
                onChange={(event) => {
                  onChange({ ...draft, patterns: { ...draft.patterns, [leave]: event.target.value } })
                }}
                spellCheck={false}
                className={`${AREA} font-mono text-sm`}
              />
            )}
          </Field>
        ))}
      </div>
    </div>
  )
}
