/** Every detail, or plain words. */
import { Feather } from 'lucide-react'
import { useLook } from '@/runtime/look'
import { IconButton } from '@/ui/button'
import { t } from '@/words'

export function LookButton() {
  const { easy, toggle } = useLook()
  return (
    <IconButton
      label={easy ? t('thread.showEveryDetail') : t('thread.showItInPlainWords')}
      aria-pressed={easy}
      onClick={toggle}
    >
      <Feather size={15} />
    </IconButton>
  )
}
