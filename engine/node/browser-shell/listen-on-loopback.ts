import type { Server } from 'node:http'
import { MillraceError } from '../../base/errors.ts'

/** Gives the port; 0 takes a free one. @param option what to change the port with @throws MillraceError PORT_IN_USE, NO_PERMISSION */
export function listenOnLoopback(server: Server, port: number, option: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException) => reject(listenError(error, port, option))
    server.once('error', refused)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', refused)
      // Such as too many open files: one connection is not taken, all else goes on.
      server.on('error', (error) => process.stderr.write(`The server on port ${port}: ${error.message}\n`))
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
}

function listenError(error: NodeJS.ErrnoException, port: number, option: string): MillraceError {
  const where = `127.0.0.1:${port}`
  if (error.code === 'EADDRINUSE') {
    return new MillraceError({
      code: 'PORT_IN_USE',
      what: 'the port is already in use',
      where,
      remedy: `stop the program that uses it, or choose another with ${option}`,
    })
  }
  if (error.code === 'EACCES') {
    return new MillraceError({
      code: 'NO_PERMISSION',
      what: 'the operating system does not allow this port',
      where,
      remedy: `choose a port from 1024 on with ${option}`,
    })
  }
  return MillraceError.from(error, { where })
}
