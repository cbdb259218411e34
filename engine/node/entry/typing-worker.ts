/** The thread that types flow through: the TypeScript compiler is heavy, and loaded here alone. */
import { runTyping } from '../../host/typing-body.ts'
import { createNodeEnvironment, serveWorker } from '../environment/index.ts'

serveWorker(createNodeEnvironment(), runTyping)
