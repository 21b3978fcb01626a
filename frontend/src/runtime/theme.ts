/** Light, dark, or as the system is. */
import { create } from 'zustand'

export type Theme = 'system' | 'light' | 'dark'

const KEY = 'factotum.theme'
const system = window.matchMedia('(prefers-color-scheme: dark)')

function read(): Theme {
  const stored = localStorage.getItem(KEY)
  return stored === 'light' || stored === 'dark' ? stored : 'system'
}

export const useTheme = create<{ readonly theme: Theme; readonly dark: boolean }>(() => ({
  theme: read(),
  dark: document.documentElement.classList.contains('dark'),
}))

export function setTheme(theme: Theme): void {
  if (theme === 'system') localStorage.removeItem(KEY)
  else localStorage.setItem(KEY, theme)
  apply(theme)
}

function apply(theme: Theme): void {
  const dark = theme === 'dark' || (theme === 'system' && system.matches)
  document.documentElement.classList.toggle('dark', dark)
  useTheme.setState({ theme, dark })
}

system.addEventListener('change', () => {
  apply(useTheme.getState().theme)
})
