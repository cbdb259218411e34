import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Identity {
  readonly certificate: string
  readonly key: string
}

/** In PEM, made anew each time: an authority, a server of 127.0.0.1, a client, and a client of another authority. */
export interface Certificates {
  /** Of the files NAME.pem and NAME.key, and of `keystore.pem` and `client-store.pem`, which hold both. */
  readonly folder: string
  readonly ca: string
  readonly server: Identity
  readonly client: Identity
  readonly stranger: Identity
  remove(): Promise<void>
}

export async function opensslMissing(): Promise<string | undefined> {
  return run('openssl', ['version']).then(
    () => undefined,
    () => 'openssl is not installed',
  )
}

export async function makeCertificates(): Promise<Certificates> {
  const folder = await mkdtemp(path.join(tmpdir(), 'millrace-certificates-'))
  const inFolder = (name: string) => path.join(folder, name)
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder })
  const authority = (name: string) =>
    openssl(
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', `/CN=${name}`],
      ...['-keyout', `${name}.key`, '-out', `${name}.pem`],
    )
  const identity = async (name: string, by: string): Promise<Identity> => {
    await writeFile(inFolder(`${name}.ext`), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
    await openssl(
      ...['req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/O=Mill/CN=${name}`],
      ...['-keyout', `${name}.key`, '-out', `${name}.csr`],
    )
    const signed = ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial', '-extfile', `${name}.ext`]
    await openssl('x509', '-req', '-days', '30', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signed)
    return { certificate: await text(`${name}.pem`), key: await text(`${name}.key`) }
  }
  const text = (name: string) => readFile(inFolder(name), 'utf8')
  await authority('authority')
  await authority('another')
  const server = await identity('server', 'authority')
  await writeFile(inFolder('keystore.pem'), server.key + server.certificate)
  const client = await identity('client', 'authority')
  await writeFile(inFolder('client-store.pem'), client.key + client.certificate)
  return {
    folder,
    ca: await text('authority.pem'),
    server,
    client,
    stranger: await identity('stranger', 'another'),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
