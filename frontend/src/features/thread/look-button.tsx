/** Every detail, or plain words. */
import { Feather } from 'lucide-react'
import { useLook } from '@/runtime/look'
import { IconButton } from '@/ui/button'

export function LookButton() {
  const { easy, toggle } = useLook()
  return (
    <IconButton label={easy ? 'Show every detail' : 'Show it in plain words'} aria-pressed={easy} onClick={toggle}>
      <Feather size={15} />
    </IconButton>
  )
}
