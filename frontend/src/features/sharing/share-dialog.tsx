/** Links to a thread: one more, and those there are, with the way to end each. */
import { Link2, Trash2 } from 'lucide-react'
import { useId, useState } from 'react'
import type { SyntheticEvent } from 'react'
import { toast } from 'sonner'
import type { Share } from '@/protocol/types'
import { explain } from '@/runtime/api'
import { createShare, linkOf, revokeShare, useRefreshShares, useShares } from '@/runtime/sharing'
import { Alert } from '@/ui/alert'
import { Button } from '@/ui/button'
import { CopyButton } from '@/ui/clipboard'
import { Dialog } from '@/ui/dialog'
import { day, moment } from '@/ui/format'
import { Segments } from '@/ui/segments'

const SPANS = [
  { value: '7', title: '7 days' },
  { value: '30', title: '30 days' },
  { value: 'none', title: 'Until I revoke it' },
] as const
type Span = (typeof SPANS)[number]['value']

export default function ShareDialog({ threadId, onClose }: { threadId: string; onClose: () => void }) {
  const { data, error } = useShares(threadId)
  const refresh = useRefreshShares(threadId)
  const [span, setSpan] = useState<Span>('30')
  const [made, setMade] = useState<string | null>(null)
  const [making, setMaking] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)

  const make = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault()
    setMaking(true)
    setProblem(null)
    try {
      const { token } = await createShare(threadId, span === 'none' ? null : Number(span))
      setMade(linkOf(token))
      await refresh()
    } catch (fault) {
      setProblem(explain(fault))
    } finally {
      setMaking(false)
    }
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title="Share this thread"
    >
      <div className="overflow-y-auto p-4">
        <p className="text-muted">
          Whoever has the link can read this thread as it is now, without signing in: what was said, what the agent did,
          and the files it delivered. What comes later, other files and your account stay with you.
        </p>
        <form onSubmit={(event) => void make(event)} className="mt-4 flex flex-wrap items-end gap-3">
          <Segments legend="The link is good for" value={span} options={SPANS} onChange={setSpan} />
          <Button type="submit" look="primary" disabled={making} className="h-[34px]">
            <Link2 size={14} aria-hidden="true" /> Make a link
          </Button>
        </form>
        {problem !== null && <Alert className="mt-3">{problem}</Alert>}
        {made !== null && <Made link={made} />}
        {error !== null && <Alert className="mt-4">{explain(error)}</Alert>}
        {data !== undefined && data.length > 0 && (
          <>
            <h3 className="mt-5 mb-1 font-medium">Links that are good now</h3>
            <ul aria-label="Links" className="divide-y rounded-md border">
              {data.map((share) => (
                <Line key={share.id} share={share} onRevoked={refresh} />
              ))}
            </ul>
          </>
        )}
      </div>
    </Dialog>
  )
}

function Made({ link }: { link: string }) {
  const id = useId()
  return (
    <div role="status" className="appear mt-4 rounded-md border border-accent/50 p-3">
      <label htmlFor={id} className="font-medium">
        Copy the link now: it is not shown again.
      </label>
      <div className="mt-1.5 flex items-center gap-1">
        <input
          id={id}
          readOnly
          value={link}
          onFocus={({ target }) => {
            target.select()
          }}
          className="h-8 min-w-0 flex-1 rounded-sm border bg-bg px-2 font-mono text-sm"
        />
        <CopyButton text={() => link} label="Copy the link" />
      </div>
    </div>
  )
}

function Line({ share, onRevoked }: { share: Share; onRevoked: () => Promise<void> }) {
  const [ending, setEnding] = useState(false)
  const revoke = async (): Promise<void> => {
    setEnding(true)
    try {
      await revokeShare(share.id)
      await onRevoked()
      toast('The link is revoked: it opens nothing any more.')
    } catch (error) {
      toast.error(explain(error))
      setEnding(false)
    }
  }
  const made = moment(share.created_at)
  return (
    <li className="flex min-h-11 items-center gap-2 py-1 pr-1.5 pl-3">
      <span className="min-w-0 flex-1">
        Made {made}
        <span className="block text-muted text-sm">
          {share.expires_at == null ? 'Until it is revoked' : `Until ${day(share.expires_at)}`}
        </span>
      </span>
      <Button
        look="danger"
        size="small"
        disabled={ending}
        aria-label={`Revoke the link made ${made}`}
        onClick={() => void revoke()}
      >
        <Trash2 size={13} aria-hidden="true" /> Revoke
      </Button>
    </li>
  )
}
