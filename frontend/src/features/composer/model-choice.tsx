/** Which model the next task gets. */
import { ChevronDown } from 'lucide-react'
import { useModels } from '@/runtime/queries'
import { Button } from '@/ui/button'
import { price, tokens } from '@/ui/format'
import { Menu, MenuChoice, MenuLabel } from '@/ui/menu'
import { t } from '@/words'
import { chooseModel, useChoices, useStandardModel } from './choices'

export function ModelChoice() {
  const { data } = useModels()
  const { model: chosen } = useChoices()
  const standard = useStandardModel()
  if (data === undefined || standard === undefined) return null
  const providers = [...new Set(data.items.map((model) => model.provider))]
  return (
    <Menu
      className="w-80"
      trigger={
        <Button
          look="ghost"
          size="small"
          aria-label={t('composer.modelValue', { value: chosen ?? standard })}
          className="min-w-0 shrink"
        >
          <span className="truncate">{shortName(chosen ?? standard)}</span>
          <ChevronDown size={13} aria-hidden="true" />
        </Button>
      }
    >
      {providers.map((provider) => (
        <div key={provider}>
          <MenuLabel>{provider}</MenuLabel>
          {data.items
            .filter((model) => model.provider === provider)
            .map((model) => (
              <MenuChoice
                key={model.id}
                chosen={model.id === (chosen ?? standard)}
                onSelect={() => {
                  chooseModel(model.id === standard ? null : model.id)
                }}
              >
                <span className="block truncate">{model.id}</span>
                <span className="block truncate text-muted text-xs">{facts(model)}</span>
              </MenuChoice>
            ))}
        </div>
      ))}
    </Menu>
  )
}

function facts(model: {
  context_window: number | null
  input_usd_per_million: number | null
  output_usd_per_million: number | null
  note: string
}): string {
  const parts: string[] = []
  if (model.note !== '') parts.push(model.note)
  else {
    if (model.context_window != null) parts.push(t('composer.contextTokens', { tokens: tokens(model.context_window) }))
    if (model.input_usd_per_million != null && model.output_usd_per_million != null)
      parts.push(
        t('composer.pricePerMillion', {
          input: price(model.input_usd_per_million),
          output: price(model.output_usd_per_million),
        }),
      )
  }
  return parts.join(' · ')
}

export function shortName(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1)
}
