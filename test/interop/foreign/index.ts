import type { ForeignClient } from './foreign-client.ts'
import { kafkajsClient } from './kafkajs.ts'
import { kcat } from './kcat.ts'
import { platformatic } from './platformatic.ts'
import { programClients } from './programs.ts'

export const foreignClients: readonly ForeignClient[] = [kcat, ...programClients, kafkajsClient, platformatic]
