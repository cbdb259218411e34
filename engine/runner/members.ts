import type { Admin } from '../client/api.ts'
import { isRetriable } from '../client/kafka-error.ts'
import type { Environment } from '../environment/index.ts'

/** What the clients of a run's thread are called: by this a later run knows whose members are left in its group. */
export function threadClientId(applicationId: string, index: number): string {
  return `${applicationId}-runner-${index}`
}

/**
 * A thread that had to be ended has not left its group, which waits for it until its session is over. Of an application there
 * is one run at a time, so that members with the names of its threads are dead. Others, such as an exported project, stay.
 */
export async function removeDeadMembers(
  environment: Environment,
  admin: Admin,
  applicationId: string,
): Promise<void> {
  try {
    const [group] = await admin.describeGroups([applicationId])
    const dead = (group?.members ?? []).filter(({ clientId }) => isOfRunner(clientId, applicationId))
    await admin.removeGroupMembers(
      applicationId,
      dead.map(({ memberId }) => memberId),
    )
  } catch (thrown) {
    // It would only have been quicker: the group finds out by itself.
    if (!isRetriable(thrown)) throw thrown
    environment.log.write('warn', 'runner', `members of an earlier run may be left in ${applicationId}`)
  }
}

function isOfRunner(clientId: string, applicationId: string): boolean {
  return clientId.startsWith(`${applicationId}-runner-`)
}
