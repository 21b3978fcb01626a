/** What is told between the messages, in words. */
import type { Said } from '@/protocol/state'
import { t } from '@/words'

export function sayingOf(said: Said): string {
  switch (said.code) {
    case 'interrupted':
      return t('thread.interrupted')
    case 'notice':
      return said.text
    case 'model_changed':
      return t('thread.modelChanged', { to: said.to, from: said.from, reason: said.reason })
    case 'sandbox':
      return `${t(said.status === 'lost' ? 'thread.sandboxLost' : 'thread.sandboxRecreated')} ${said.note}`.trim()
    case 'summarised':
      return t('thread.summarised')
    case 'left_out':
      return t('thread.leftOut')
  }
}
