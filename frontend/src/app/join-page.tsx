/** What the link of an invitation opens. */
import { Join } from '@/features/join/join'
import { useTitle } from './title'
import { t } from '@/words'

export default function JoinPage() {
  useTitle(`${t('members.join.title')} · Factotum`)
  return <Join token={location.hash.slice(1)} />
}
