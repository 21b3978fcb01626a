/** How the next task shall be done: what the person chose, kept by the browser. */
import { create } from 'zustand'
import type { Agent, Delivery, ModelInfo } from '@/protocol/types'
import { useAgents } from '@/runtime/agents'
import { useModels } from '@/runtime/queries'
import type { Choices } from '@/runtime/send'

interface Kept extends Choices {
  readonly delivery: Delivery
}

const KEY = 'factotum.choices'
const NONE: Kept = { agent: null, model: null, effort: null, mostDollars: null, delivery: 'steer' }

function stored(): Kept {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}')
    if (typeof found !== 'object' || found === null) return NONE
    const text = (name: string): string => {
      const value: unknown = Reflect.get(found, name)
      return typeof value === 'string' ? value : ''
    }
    const dollars: unknown = Reflect.get(found, 'mostDollars')
    return {
      agent: text('agent') || null,
      model: text('model') || null,
      effort: (['none', 'low', 'medium', 'high'] as const).find((one) => one === text('effort')) ?? null,
      mostDollars: typeof dollars === 'number' ? dollars : null,
      delivery: (['steer', 'interrupt', 'queue'] as const).find((one) => one === text('delivery')) ?? 'steer',
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return NONE
  }
}

const useKept = create<Kept>(stored)

export function choose(changes: Partial<Kept>): void {
  useKept.setState(changes)
  localStorage.setItem(KEY, JSON.stringify(useKept.getState()))
}

/** Chooses a model for the next tasks; null: the service's default. */
export function chooseModel(model: string | null): void {
  choose({ model })
}

export function useDelivery(): Delivery {
  return useKept((state) => state.delivery)
}

/** What was chosen, as far as it can be had now: a model that is gone is not asked for. */
export function useChoices(): Choices {
  const { model, effort, mostDollars } = useKept()
  const { data } = useModels()
  const usable = data?.items.some(({ id }) => id === model) === true ? model : null
  return {
    agent: useAgent()?.id ?? null,
    model: usable,
    effort: canReason(useModel()) ? effort : null,
    mostDollars,
  }
}

/** The agent that the next task gets; one that was deleted is not asked for. */
export function useAgent(): Agent | undefined {
  const chosen = useKept((state) => state.agent)
  const { data } = useAgents()
  return chosen === null ? undefined : data?.find(({ id }) => id === chosen)
}

/** The model of tasks for which none is chosen: the agent's, else the service's. */
export function useStandardModel(): string | undefined {
  const { data } = useModels()
  return useAgent()?.model ?? data?.default
}

/** The model that the next task gets. */
export function useModel(): ModelInfo | undefined {
  const chosen = useKept((state) => state.model)
  const { data } = useModels()
  const standard = useStandardModel()
  return data?.items.find(({ id }) => id === chosen) ?? data?.items.find(({ id }) => id === standard)
}

/** Whether it makes sense to choose how much a model thinks; of some nobody knows. */
export function canReason(model: ModelInfo | undefined): boolean {
  return model !== undefined && model.supports_reasoning !== false && model.id !== 'demo'
}
