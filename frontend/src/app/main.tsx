/** Starts the page: where the API is, who is signed in, then what the address asks for. */
import './index.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Toaster } from 'sonner'
import { redeemCode, useSession } from '@/runtime/auth'
import { loadConfig } from '@/runtime/config'
import { queryClient } from '@/runtime/queries'
import { preloadMarkdown } from '@/ui/markdown/markdown'
import { TipProvider } from '@/ui/tooltip'
import { router } from './router'
import { useTheme } from '@/runtime/theme'

await loadConfig()
await redeemCode()
// What one person saw is not for the next one.
useSession.subscribe((now, before) => {
  if (now.token !== before.token) queryClient.clear()
})

function App() {
  const dark = useTheme((state) => state.dark)
  return (
    <QueryClientProvider client={queryClient}>
      <TipProvider delayDuration={400}>
        <RouterProvider router={router} />
        <Toaster theme={dark ? 'dark' : 'light'} position="top-center" closeButton />
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
setTimeout(preloadMarkdown, 500)
