/** Which keys do what, as a list. */
import { Dialog } from '@/ui/dialog'
import { Keys } from '@/ui/keys'
import { t } from '@/words'
import type { Shortcut } from './shortcuts'

export default function ShortcutsSheet({
  shortcuts,
  onClose,
}: {
  shortcuts: readonly Shortcut[]
  onClose: () => void
}) {
  return (
    <Dialog open onOpenChange={onClose} title={t('app.shortcuts')}>
      <dl className="grid grid-cols-[1fr_auto] items-center gap-y-2.5 overflow-y-auto p-4">
        {[...shortcuts, { keys: 'enter', title: t('app.send') }, { keys: 'shift+enter', title: t('app.newLine') }].map(
          ({ keys, title }) => (
            <div key={keys} className="contents">
              <dt>{title}</dt>
              <dd className="justify-self-end">
                <Keys keys={keys} />
                <span className="sr-only">{keys}</span>
              </dd>
            </div>
          ),
        )}
      </dl>
    </Dialog>
  )
}
