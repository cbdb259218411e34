/** The host process of both shells: Electron's utility process, or a child of the browser shell. */
import { runHostProcess } from '../shell/run-host-process.ts'

process.title = 'millrace studio'
runHostProcess()
