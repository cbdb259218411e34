/** The thread that types flow through: the TypeScript compiler is heavy, and loaded here alone. */
import { typingBody } from '../../host/typing-body.ts'
import { createNodeEnvironment, serveWorker } from '../environment/index.ts'
import { typescriptLibraryFolder } from './locate.ts'

serveWorker(createNodeEnvironment(), typingBody(typescriptLibraryFolder()))
