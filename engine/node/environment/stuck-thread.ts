import { Session } from 'node:inspector'
import type { CodePlace } from '../../environment/index.ts'
import { PauseReader } from './paused-frames.ts'

interface AttachedEvent {
  readonly params: { readonly sessionId: string; readonly workerInfo: { readonly title: string } }
}
interface ReceivedEvent {
  readonly params: { readonly sessionId: string; readonly message: string }
}

/**
 * Pauses a worker thread of this process through the inspector's NodeWorker domain and reads where it stands.
 * Afterwards the thread goes on. Undefined when the thread does not come back to JavaScript before `signal`.
 */
export async function pauseThread(threadId: number, signal: AbortSignal): Promise<CodePlace | undefined> {
  const session = new Session()
  session.connect()
  try {
    return await new Promise((resolve) => {
      let target: string | undefined
      const ask = (id: number, method: string) => {
        const message = JSON.stringify({ id, method })
        session.post('NodeWorker.sendMessageToWorker', { sessionId: target, message })
      }
      const reader = new PauseReader((place) => {
        ask(3, 'Debugger.disable')
        resolve(place)
      })
      signal.addEventListener('abort', () => resolve(undefined), { once: true })
      session.on('NodeWorker.attachedToWorker', ({ params }: AttachedEvent) => {
        // The only place that tells the thread's number: `workerId` counts within the session.
        if (!params.workerInfo.title.startsWith(`[worker ${threadId}]`)) return
        target = params.sessionId
        ask(1, 'Debugger.enable')
        ask(2, 'Debugger.pause')
      })
      session.on('NodeWorker.receivedMessageFromWorker', ({ params }: ReceivedEvent) => {
        if (params.sessionId === target) reader.read(params.message)
      })
      session.post('NodeWorker.enable', { waitForDebuggerOnStart: false })
    })
  } finally {
    session.disconnect()
  }
}
