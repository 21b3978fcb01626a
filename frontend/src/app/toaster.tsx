/** Where notices are drawn. */
import { useEffect } from 'react'
import { Toaster as Sonner } from 'sonner'
import { t } from '@/words'
import { toasterIsThere } from '@/ui/toast'

export default function Toaster({ dark }: { dark: boolean }) {
  useEffect(toasterIsThere, [])
  return (
    <Sonner
      theme={dark ? 'dark' : 'light'}
      position="top-center"
      closeButton
      containerAriaLabel={t('app.notifications')}
      toastOptions={{ closeButtonAriaLabel: t('app.closeTheNotice') }}
    />
  )
}
