/** Which agent the next task gets; there where somebody has one. */
import { useNavigate } from '@tanstack/react-router'
import { Bot, ChevronDown, Settings } from 'lucide-react'
import { useAgents } from '@/runtime/agents'
import { Button } from '@/ui/button'
import { Menu, MenuChoice, MenuItem } from '@/ui/menu'
import { t } from '@/words'
import { choose, useAgent } from './choices'

export function AgentChoice() {
  const navigate = useNavigate()
  const { data } = useAgents()
  const agent = useAgent()
  if (data === undefined || data.length === 0) return null
  return (
    <Menu
      className="w-64"
      trigger={
        <Button
          look="ghost"
          size="small"
          aria-label={t('composer.agentName', { name: agent?.name ?? t('composer.noAgent') })}
          className="min-w-0 shrink"
        >
          <Bot size={14} aria-hidden="true" />
          <span className="truncate max-sm:max-w-20">{agent?.name ?? t('composer.noAgent')}</span>
          <ChevronDown size={13} aria-hidden="true" />
        </Button>
      }
    >
      <MenuChoice
        chosen={agent === undefined}
        onSelect={() => {
          choose({ agent: null })
        }}
      >
        {t('composer.noAgent')}
      </MenuChoice>
      {data.map(({ id, name }) => (
        <MenuChoice
          key={id}
          chosen={id === agent?.id}
          onSelect={() => {
            choose({ agent: id })
          }}
        >
          <span className="block truncate">{name}</span>
        </MenuChoice>
      ))}
      <div className="my-1 border-t" role="separator" />
      <MenuItem onSelect={() => void navigate({ to: '/settings/$', params: { _splat: 'agents' } })}>
        <Settings size={14} aria-hidden="true" /> {t('composer.manageAgents')}
      </MenuItem>
    </Menu>
  )
}
