/** The sections of the settings: `id` stands in their addresses. */
export const SECTIONS = [
  { id: 'general', title: 'General' },
  { id: 'agents', title: 'Agents' },
  { id: 'members', title: 'Members' },
  { id: 'keys', title: 'API keys' },
  { id: 'usage', title: 'Usage' },
  { id: 'secrets', title: 'Secrets' },
  { id: 'about', title: 'About' },
] as const
export type SectionId = (typeof SECTIONS)[number]['id']
