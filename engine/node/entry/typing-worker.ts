/** The thread that types flow through: the TypeScript compiler is heavy, and loaded here alone. */
import os from 'node:os'
import { typingBody } from '../../host/typing-body.ts'
import { createNodeEnvironment, serveWorker } from '../environment/index.ts'
import { typescriptLibraryFolder } from './locate.ts'

// What runs goes before what is checked. Elsewhere the priority would be that of the whole process.
if (process.platform === 'linux') os.setPriority(0, os.constants.priority.PRIORITY_BELOW_NORMAL)

serveWorker(createNodeEnvironment(), typingBody(typescriptLibraryFolder()))
