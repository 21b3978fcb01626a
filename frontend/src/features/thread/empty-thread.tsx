/** A thread in which nothing was said yet, such as one that was made by a program: what to do with it. */
import { useChoices } from '@/features/composer/choices'
import { Suggestions } from '@/features/start/suggestions'
import { useMayWrite } from '@/runtime/rights'
import { newKey } from '@/runtime/send'
import type { Task } from '@/runtime/send'
import { t } from '@/words'

export function EmptyThread({ onSend }: { onSend: (task: Task) => Promise<boolean> }) {
  const choices = useChoices()
  const mayWrite = useMayWrite()
  return (
    <div className="flex min-h-0 flex-1 flex-col overflow-y-auto">
      <div className="m-auto w-full max-w-[760px] px-5 py-8">
        <h2 className="text-center font-semibold text-lg tracking-tight">{t('thread.nothingHereYet')}</h2>
        {mayWrite && (
          <>
            <p className="mt-1 mb-6 text-center text-muted">{t('thread.writeTheFirstTask')}</p>
            <Suggestions
              onChoose={(prompt) =>
                void onSend({ ...choices, text: prompt, files: [], delivery: 'queue', key: newKey() })
              }
            />
          </>
        )}
      </div>
    </div>
  )
}
