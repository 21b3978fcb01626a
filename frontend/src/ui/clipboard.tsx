/** Copying and saving. */
import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { IconButton } from './button'
import { t } from '@/words'

export function CopyButton({ text, label = t('ui.copy') }: { text: () => string; label?: string }) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => {
      setCopied(false)
    }, 1500)
    return () => {
      clearTimeout(timer)
    }
  }, [copied])
  return (
    <IconButton
      label={copied ? t('ui.copied') : label}
      size="icon-small"
      onClick={() => {
        void copy(text()).then(() => {
          setCopied(true)
        })
      }}
    >
      {copied ? <Check size={14} className="text-ok" /> : <Copy size={14} />}
    </IconButton>
  )
}

async function copy(text: string): Promise<void> {
  // The clipboard is there in secure contexts only; a page on another machine's http has the old way.
  if (window.isSecureContext) {
    await navigator.clipboard.writeText(text)
    return
  }
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- there is no other way without a secure context
  document.execCommand('copy')
  area.remove()
}

export function save(content: Blob | string, name: string): void {
  const url = URL.createObjectURL(typeof content === 'string' ? new Blob([content]) : content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => {
    URL.revokeObjectURL(url)
  }, 10_000)
}
