/** What would keep a run from starting, looked for before anything is started. */
import { MillraceError } from '../../base/errors.ts'
import { createAdmin } from '../../client/index.ts'
import type { Environment } from '../../environment/index.ts'
import type { PipelineDocument } from '../../pipeline/document.ts'
import { NotRunnable, planOf } from '../../runner/prepare.ts'

/** Brokers that have not answered for so long are not there. */
const answerMsMax = 10_000
const noticeAfterMs = 2000

/** The first thing to mend in the document; undefined when it can run. */
export function whyNotRunnable(document: PipelineDocument, folder: string): MillraceError | undefined {
  try {
    planOf(document, folder)
    return undefined
  } catch (thrown) {
    if (thrown instanceof NotRunnable) return new MillraceError(thrown.failure.error)
    throw thrown
  }
}

/** True once a broker answers; false when `stopped` comes first. @throws MillraceError NO_BROKER_REACHABLE */
export async function brokersAnswer(
  environment: Environment,
  bootstrap: readonly string[],
  stopped: Promise<unknown>,
): Promise<boolean> {
  const admin = createAdmin(environment, {
    bootstrap,
    clientId: 'millrace-run',
    requestTimeoutMs: answerMsMax,
  })
  const notice = environment.timers.after(noticeAfterMs, () => {
    process.stderr.write(`no answer yet from ${bootstrap.join(',')}\n`)
  })
  try {
    return await Promise.race([admin.describeCluster().then(() => true), stopped.then(() => false)])
  } finally {
    notice.cancel()
    await admin.close()
  }
}
