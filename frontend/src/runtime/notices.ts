/** Whether the person wants to be told, by the system, of what happens while they look elsewhere. */
import { create } from 'zustand'

const KEY = 'factotum.notices'

interface Notices {
  readonly on: boolean
  /** They were refused in the browser's settings, and only there they can be allowed. */
  readonly refused: boolean
}

export const canNotify = 'Notification' in window

export const useNotices = create<Notices>(() => ({
  on: canNotify && localStorage.getItem(KEY) === 'on' && Notification.permission === 'granted',
  refused: canNotify && Notification.permission === 'denied',
}))

/** Turns them on or off; on a person's gesture only, since the browser may ask. */
export async function setNotices(on: boolean): Promise<void> {
  const permission = on ? await Notification.requestPermission() : Notification.permission
  const granted = on && permission === 'granted'
  localStorage.setItem(KEY, granted ? 'on' : 'off')
  useNotices.setState({ on: granted, refused: permission === 'denied' })
}

/** Tells, unless the person is looking at the page. */
export function notify(title: string, text: string, tag: string, onClick: () => void): void {
  if (!useNotices.getState().on || (document.visibilityState === 'visible' && document.hasFocus())) return
  let notice: Notification
  try {
    notice = new Notification(title, { body: text, tag, icon: '/favicon.svg' })
  } catch (error) {
    // Browsers of phones have the name, and refuse.
    if (error instanceof TypeError) return
    throw error
  }
  notice.onclick = () => {
    window.focus()
    notice.close()
    onClick()
  }
}
