/** The sections of the settings: `id` stands in their addresses. */
import { t } from '@/words'

export const SECTIONS = [
  {
    id: 'general',
    get title() {
      return t('settings.general')
    },
  },
  {
    id: 'agents',
    get title() {
      return t('settings.agents')
    },
  },
  {
    id: 'members',
    get title() {
      return t('members.title')
    },
  },
  {
    id: 'keys',
    get title() {
      return t('settings.apiKeys')
    },
  },
  {
    id: 'usage',
    get title() {
      return t('settings.usage')
    },
  },
  {
    id: 'secrets',
    get title() {
      return t('settings.secrets')
    },
  },
  {
    id: 'about',
    get title() {
      return t('settings.about')
    },
  },
] as const
export type SectionId = (typeof SECTIONS)[number]['id']
