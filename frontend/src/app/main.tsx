/** Starts the page: where the API is, who is signed in, then what the address asks for. */
import './index.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode, useSyncExternalStore } from 'react'
import type { CSSProperties } from 'react'
import { createRoot } from 'react-dom/client'
import { Toaster } from 'sonner'
import { redeemCode, useSession } from '@/runtime/auth'
import { loadConfig } from '@/runtime/config'
import { queryClient } from '@/runtime/queries'
import { preloadMarkdown } from '@/ui/markdown/markdown'
import { TipProvider } from '@/ui/tooltip'
import { language, onLanguage, startLanguage, t } from '@/words'
import { router } from './router'
import { preloadOverlays } from './shell'
import { preloadPanel } from './side-panel'
import { useTheme } from '@/runtime/theme'

const speaking = startLanguage()
await loadConfig()
await speaking
await redeemCode()
// What one person saw is not for the next one.
useSession.subscribe((now, before) => {
  if (now.token !== before.token) queryClient.clear()
})

/** Notices look like all that is raised, and stand below the header. */
const NOTICES = {
  fontFamily: 'inherit',
  '--normal-bg': 'var(--raised)',
  '--normal-bg-hover': 'var(--hover)',
  '--normal-border': 'var(--line)',
  '--normal-border-hover': 'var(--line)',
  '--normal-text': 'var(--fg)',
  '--border-radius': 'var(--radius-md)',
} as CSSProperties

function App() {
  const dark = useTheme((state) => state.dark)
  const spoken = useSyncExternalStore(onLanguage, language)
  return (
    <QueryClientProvider client={queryClient}>
      {/* Texts are looked up where they are drawn: in another language all is drawn anew. */}
      <TipProvider key={spoken} delayDuration={400}>
        <RouterProvider router={router} />
        {/* Here from the beginning: that the service is away must be said when nothing can be fetched any more. */}
        <Toaster
          theme={dark ? 'dark' : 'light'}
          position="top-center"
          offset={{ top: 56 }}
          mobileOffset={{ top: 56 }}
          style={NOTICES}
          closeButton
          containerAriaLabel={t('app.notifications')}
          toastOptions={{ closeButtonAriaLabel: t('app.closeTheNotice') }}
        />
      </TipProvider>
    </QueryClientProvider>
  )
}

const root = document.getElementById('root')
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
}
// A file that is dropped beside its place must not replace the page.
for (const kind of ['dragover', 'drop'] as const) {
  window.addEventListener(kind, (event) => {
    if (event.dataTransfer?.types.includes('Files') === true) event.preventDefault()
  })
}
// What a person may open next, while there is nothing else to do.
setTimeout(() => {
  preloadMarkdown()
  preloadPanel()
  preloadOverlays()
}, 500)
