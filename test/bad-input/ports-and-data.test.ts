import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Command, errorLine, millrace, millraceEach } from './command.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'millrace-data-'))
const taken: Server = createServer()
let port = 0

beforeAll(async () => {
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  port = (taken.address() as { port: number }).port
})
afterAll(() => {
  taken.close()
  rmSync(folder, { recursive: true, force: true })
})

const nobody = 65_534
const isRoot = process.getuid?.() === 0

describe('a port that another program has', () => {
  it('is named by the broker and by the studio, and nothing is left', async () => {
    const data = path.join(folder, 'for-ports')
    const ended = await millraceEach([
      ['broker', '--brokers', '1', '--port', `${port}`],
      ['studio', '--no-open', '--port', `${port}`, '--data', data],
    ])
    for (const { status, out, err, left } of ended) {
      expect(err).toMatch(errorLine)
      expect(err).toContain(
        `error PORT_IN_USE: the port is already in use, 127.0.0.1:${port}: stop the program`,
      )
      expect({ status, out, left }).toEqual({ status: 2, out: '', left: [] })
    }
  }, 60_000)
})

describe('a data folder', () => {
  it('that cannot be one, as a file is in the way, is refused with its path', async () => {
    const file = path.join(folder, 'a-file')
    writeFileSync(file, 'kept')
    const ended = await millraceEach([
      ['broker', '--port', '0', '--data', path.join(file, 'below')],
      ['broker', '--port', '0', '--data', file],
      ['studio', '--no-open', '--data', path.join(file, 'below')],
    ])
    for (const { status, err } of ended) {
      expect(err).toMatch(errorLine)
      expect(err).toContain(`error NOT_A_FOLDER: `)
      expect(err).toContain(file)
      expect(status).toBe(2)
    }
  }, 60_000)

  it.skipIf(!isRoot)(
    'without write permission is refused with its path',
    async () => {
      const closed = path.join(folder, 'closed')
      mkdirSync(closed)
      chmodSync(folder, 0o755)
      chmodSync(closed, 0o755)
      for (const args of [
        ['broker', '--port', '0', '--data', path.join(closed, 'new')],
        ['studio', '--no-open', '--data', closed],
        ['run', 'pipelines/two-cities', '--data', closed],
      ]) {
        const { status, err } = await millrace(args, { uid: nobody })
        expect(err).toMatch(errorLine)
        expect(err).toMatch(/^error NO_PERMISSION: the operating system denies access, /)
        expect(err).toContain(closed)
        expect(status).toBe(2)
      }
    },
    60_000,
  )

  it('in use is named with the program that has it, which goes on; it is free again afterwards', async () => {
    const data = path.join(folder, 'in-use')
    const holder = new Command(['broker', '--port', '0', '--data', data])
    await holder.says(/^ready .+\n/)
    const second = await millrace(['broker', '--port', '0', '--data', data])
    expect(second.err).toMatch(errorLine)
    expect(second.err).toContain(
      `process ${holder.process.pid} (millrace broker) is using this data, ${data}`,
    )
    expect(second.status).toBe(2)
    holder.type('status')
    await holder.says(/ok status[\s\S]*under-replicated 0/)
    expect(await holder.end('SIGINT')).toMatchObject({ status: 0, err: '', left: [] })

    const fewer = await millrace(['broker', '--port', '0', '--data', data, '--brokers', '1'])
    expect(fewer.err).toMatch(
      /^error WRONG_BROKER_COUNT: the data belongs to 3 brokers, not 1, .+: start 3 brokers/,
    )
    const next = new Command(['broker', '--port', '0', '--data', data])
    await next.says(/^ready .+\n/)
    expect(await next.end('SIGTERM')).toMatchObject({ status: 0, err: '', left: [] })
  }, 60_000)

  it('in use by a studio is told with the address that leads into it', async () => {
    const data = path.join(folder, 'studio')
    const holder = new Command(['studio', '--no-open', '--data', data])
    const [, url] = await holder.says(/^Millrace is at (\S+)\n/)
    expect(statSync(path.join(data, 'studio.json')).mode & 0o077).toBe(0)
    const second = await millrace(['studio', '--no-open', '--data', data])
    expect(second.err).toContain('error DATA_IN_USE: ')
    expect(second.err).toContain(`: open ${url}, or choose another folder with --data DIR`)
    expect(second.status).toBe(2)
    expect(await holder.end('SIGTERM')).toMatchObject({ status: 0 })
    expect(readdirSync(data)).not.toContain('studio.json')
  }, 60_000)
})
