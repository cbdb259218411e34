import { type ErrorParts, MillraceError } from '../../base/errors.ts'

type Explanation = Pick<ErrorParts, 'code' | 'what' | 'remedy'>

const explanations: Readonly<Record<string, Explanation>> = {
  ENOENT: { code: 'FILE_NOT_FOUND', what: 'there is no such file or folder', remedy: 'check the path' },
  ENOTDIR: {
    code: 'NOT_A_FOLDER',
    what: 'the path, or a part of it, is a file and not a folder',
    remedy: 'check the path',
  },
  EISDIR: { code: 'NOT_A_FILE', what: 'the path is a folder, not a file', remedy: 'give the path of a file' },
  EEXIST: {
    code: 'FILE_EXISTS',
    what: 'there is already a file or folder of that name',
    remedy: 'choose another name',
  },
  ENOTEMPTY: {
    code: 'FILE_EXISTS',
    what: 'the folder is there and not empty',
    remedy: 'choose another name',
  },
  EACCES: noPermission('the operating system denies access'),
  EPERM: noPermission('the operating system does not allow it'),
  EROFS: noPermission('the file system is read-only'),
  ENOSPC: diskFull('the disk is full'),
  EDQUOT: diskFull('the disk quota is used up'),
  EMFILE: {
    code: 'TOO_MANY_FILES',
    what: 'the process has as many files open as the operating system allows',
    remedy: 'raise the limit (ulimit -n) or use fewer partitions',
  },
  EIO: { code: 'DISK_FAILED', what: 'the disk reports an input/output error', remedy: 'check the disk' },
  EADDRINUSE: {
    code: 'PORT_IN_USE',
    what: 'the port is already in use',
    remedy: 'stop the program that uses it, or choose another port',
  },
  EADDRNOTAVAIL: {
    code: 'ADDRESS_NOT_AVAILABLE',
    what: 'this machine has no such address',
    remedy: 'use 127.0.0.1 or an address of this machine',
  },
  ECONNREFUSED: {
    code: 'CONNECTION_REFUSED',
    what: 'nothing answers at that address',
    remedy: 'check the host and port, and that the server runs',
  },
  ETIMEDOUT: timedOut(),
  EHOSTUNREACH: timedOut(),
  ENETUNREACH: timedOut(),
  ENOTFOUND: hostNotFound(),
  EAI_AGAIN: hostNotFound(),
}

/**
 * The person's view of an error of the operating system; anything unknown keeps its own text, as `INTERNAL`.
 * @param systemCode where the error's own would mislead
 */
export function fromSystemError(
  thrown: unknown,
  where: string,
  systemCode = systemCodeOf(thrown),
): MillraceError {
  if (thrown instanceof MillraceError) return thrown
  const explanation = systemCode === undefined ? undefined : explanations[systemCode]
  if (!explanation) return MillraceError.from(thrown, { where })
  return new MillraceError({ ...explanation, where, details: { systemCode }, cause: thrown })
}

export function systemCodeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined
  return typeof thrown.code === 'string' ? thrown.code : undefined
}

/** Also what a server finds after the handshake, such as that it wants a certificate. */
export function isTlsAlert(error: Error): boolean {
  return systemCodeOf(error)?.startsWith('ERR_SSL_') ?? false
}

export function tlsFailed(error: Error, where: string): MillraceError {
  return new MillraceError({
    code: 'TLS_FAILED',
    what: `no secure connection could be made (${error.message.trim()})`,
    where,
    remedy: 'check the certificates, and that the server speaks TLS on this port',
    cause: error,
  })
}

function noPermission(what: string): Explanation {
  return { code: 'NO_PERMISSION', what, remedy: 'give yourself permission for it, or choose another place' }
}

function diskFull(what: string): Explanation {
  return { code: 'DISK_FULL', what, remedy: 'free some space, or lower the retention of topics' }
}

function timedOut(): Explanation {
  return {
    code: 'CONNECTION_TIMED_OUT',
    what: 'the address does not answer',
    remedy: 'check the host, the port and the network',
  }
}

function hostNotFound(): Explanation {
  return { code: 'HOST_NOT_FOUND', what: 'the host name is unknown', remedy: 'check its spelling' }
}
