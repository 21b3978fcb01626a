/** What the link of an invitation opens. */
import { Join } from '@/features/join/join'
import { JOIN } from '@/features/settings/members-text'
import { useTitle } from './title'

export default function JoinPage() {
  useTitle(`${JOIN.title} · Factotum`)
  return <Join token={location.hash.slice(1)} />
}
