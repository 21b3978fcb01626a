/** Links to a thread: one more, and those there are, with the way to end each. */
import { Link2, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { SyntheticEvent } from 'react'
import { toast } from 'sonner'
import type { NewShare, Share } from '@/protocol/types'
import { explain } from '@/runtime/api'
import { createShare, linkOf, revokeShare, useRefreshShares, useShares } from '@/runtime/sharing'
import { Alert } from '@/ui/alert'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { day, moment } from '@/ui/format'
import { Segments } from '@/ui/segments'
import { ShownOnce } from '@/ui/shown-once'
import { t } from '@/words'

const SPANS = [
  {
    value: '7',
    get title() {
      return t('sharing.days', { count: 7 })
    },
  },
  {
    value: '30',
    get title() {
      return t('sharing.days', { count: 30 })
    },
  },
  {
    value: 'none',
    get title() {
      return t('sharing.untilIRevokeIt')
    },
  },
] as const
type Span = (typeof SPANS)[number]['value']

export default function ShareDialog({ threadId, onClose }: { threadId: string; onClose: () => void }) {
  const { data, error } = useShares(threadId)
  const refresh = useRefreshShares(threadId)
  const [span, setSpan] = useState<Span>('30')
  const [made, setMade] = useState<NewShare | null>(null)
  const [making, setMaking] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)

  const make = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault()
    setMaking(true)
    setProblem(null)
    try {
      setMade(await createShare(threadId, span === 'none' ? null : Number(span)))
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
      title={t('sharing.shareThisThread')}
    >
      <div className="overflow-y-auto p-4">
        <p className="text-muted">{t('sharing.whoeverHasTheLinkCan')}</p>
        <form onSubmit={(event) => void make(event)} className="mt-4 flex flex-wrap items-end gap-3">
          <Segments legend={t('sharing.theLinkIsGoodFor')} value={span} options={SPANS} onChange={setSpan} />
          <Button type="submit" look="primary" disabled={making} className="h-[34px]">
            <Link2 size={14} aria-hidden="true" /> {t('sharing.makeALink')}
          </Button>
        </form>
        {problem !== null && <Alert className="mt-3">{problem}</Alert>}
        {made !== null && (
          <ShownOnce
            className="mt-4"
            label={t('sharing.copyTheLinkNowIt')}
            value={linkOf(made.token)}
            copy={t('sharing.copyTheLink')}
          />
        )}
        {error !== null && <Alert className="mt-4">{explain(error)}</Alert>}
        {data !== undefined && data.length > 0 && (
          <>
            <h3 className="mt-5 mb-1 font-medium">{t('sharing.linksThatAreGoodNow')}</h3>
            <ul aria-label={t('sharing.links')} className="divide-y rounded-md border">
              {data.map((share) => (
                <Line
                  key={share.id}
                  share={share}
                  onRevoked={() => {
                    if (made?.id === share.id) setMade(null)
                    return refresh()
                  }}
                />
              ))}
            </ul>
          </>
        )}
      </div>
    </Dialog>
  )
}

function Line({ share, onRevoked }: { share: Share; onRevoked: () => Promise<void> }) {
  const [ending, setEnding] = useState(false)
  const revoke = async (): Promise<void> => {
    setEnding(true)
    try {
      await revokeShare(share.id)
      await onRevoked()
      toast(t('sharing.theLinkIsRevokedIt'))
    } catch (error) {
      toast.error(explain(error))
      setEnding(false)
    }
  }
  const made = moment(share.created_at)
  return (
    <li className="flex min-h-11 items-center gap-2 py-1 pr-1.5 pl-3">
      <span className="min-w-0 flex-1">
        {t('sharing.madeAt', { moment: made })}
        <span className="block text-muted text-sm">
          {share.expires_at == null
            ? t('sharing.untilItIsRevoked')
            : t('sharing.untilDay', { day: day(share.expires_at) })}
        </span>
      </span>
      <Button
        look="danger"
        size="small"
        disabled={ending}
        aria-label={t('sharing.revokeTheLinkMadeMade', { made })}
        onClick={() => void revoke()}
      >
        <Trash2 size={13} aria-hidden="true" /> {t('sharing.revoke')}
      </Button>
    </li>
  )
}
