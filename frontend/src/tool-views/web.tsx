/** The web without a browser, and sources of data. */
import { Database, FileText, Search } from 'lucide-react'
import { Output } from './detail'
import { told } from './view'

export const webViews = {
  web_search: told('web_search', Search, ['query'], { Detail: Output, panel: null, prose: true }),
  read_webpage: told('read_webpage', FileText, ['url'], { Detail: Output, panel: null }),
  data_provider_endpoints: told('data_provider_endpoints', Database, ['provider'], { Detail: Output, panel: null }),
  data_provider_call: told('data_provider_call', Database, ['endpoint'], { Detail: Output, panel: null }),
}
