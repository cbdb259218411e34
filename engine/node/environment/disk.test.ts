import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nodeDisk as disk } from './disk.ts'
import { fromSystemError } from './system-errors.ts'

let folder: string
beforeEach(async () => {
  folder = await disk.temporaryFolder('millrace-disk-')
})
afterEach(() => disk.remove(folder))

describe('files', () => {
  test('a gather write puts the pieces one after the other, more of them than one system call takes', async () => {
    const file = await disk.open(`${folder}/a`, 'create-new')
    const pieces = Array.from({ length: 3000 }, (_, i) => Buffer.from([i & 0xff, i >> 8]))
    await file.write(5, pieces)
    expect(await file.size()).toBe(6005)
    expect(await file.read(5, 6000)).toEqual(Buffer.concat(pieces))
    expect((await file.read(6000, 100)).length).toBe(5)
    await file.truncate(7)
    expect(await file.read(0, 100)).toEqual(Buffer.from([0, 0, 0, 0, 0, 0, 0]))
    await file.close()
    await expect(file.read(0, 1)).rejects.toMatchObject({ code: 'FILE_CLOSED' })
  })

  test('opening says by code what is wrong', async () => {
    await expect(disk.open(`${folder}/none`, 'read')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    await expect(disk.open(`${folder}/none`, 'read-write')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    await (await disk.open(`${folder}/there`, 'create')).close()
    await expect(disk.open(`${folder}/there`, 'create-new')).rejects.toMatchObject({ code: 'FILE_EXISTS' })
    await expect(disk.list(`${folder}/none`)).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      where: `${folder}/none`,
    })
    expect(await disk.stat(`${folder}/none`)).toBeUndefined()
  })

  test('an atomic write leaves nothing behind but the file, whole', async () => {
    await Promise.all(['one', 'two', 'three'].map((text) => disk.writeFileAtomic(`${folder}/f`, text)))
    expect(['one', 'two', 'three']).toContain((await disk.readFile(`${folder}/f`)).toString())
    expect(await disk.list(folder)).toEqual(['f'])
  })

  test('an atomic write that fails leaves the old file and no temporary one', async () => {
    await disk.makeFolder(`${folder}/taken/below`)
    await expect(disk.writeFileAtomic(`${folder}/taken`, 'x')).rejects.toMatchObject({
      where: `${folder}/taken`,
    })
    expect(await disk.list(folder)).toEqual(['taken'])
  })

  test('changes in a folder are called back until stopped', async () => {
    const names: string[] = []
    const seen = new Promise<void>((resolve) => {
      const stop = disk.watch(folder, (name) => {
        names.push(name)
        stop()
        resolve()
      })
    })
    await disk.writeFileAtomic(`${folder}/watched`, 'x')
    await seen
    expect(names[0]).toContain('watched')
  })

  test.each([
    ['ENOSPC', 'DISK_FULL'],
    ['EACCES', 'NO_PERMISSION'],
    ['EADDRINUSE', 'PORT_IN_USE'],
  ])('%s becomes %s with a remedy', (systemCode, code) => {
    const error = fromSystemError(Object.assign(new Error('x'), { code: systemCode }), 'here')
    expect(error).toMatchObject({ code, where: 'here', remedy: expect.any(String) })
  })
})

describe('the lock', () => {
  const path = () => `${folder}/data/lock`

  test('refuses a second holder, naming the first, and is free after release', async () => {
    const lock = await disk.lock(path())
    await expect(disk.lock(path())).rejects.toMatchObject({
      code: 'DATA_IN_USE',
      where: `${folder}/data`,
      details: { pid: process.pid },
    })
    await lock.release()
    await (await disk.lock(path())).release()
    expect(await disk.list(`${folder}/data`)).toEqual([])
  })

  test('of a process that was killed is taken over, by one of many who want it', async () => {
    const module = new URL('./disk-lock.ts', import.meta.url)
    const program = `const { acquireLock } = await import(${JSON.stringify(module.href)})
      await acquireLock(${JSON.stringify(path())}); console.log('locked'); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program])
    await once(child.stdout, 'data')
    await expect(disk.lock(path())).rejects.toMatchObject({
      code: 'DATA_IN_USE',
      details: { pid: child.pid },
    })
    child.kill('SIGKILL')
    await once(child, 'close')
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => disk.lock(path())))
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await disk.list(`${folder}/data`)).toEqual(['lock'])
  })

  test.runIf(process.platform === 'linux')(
    'of a process whose number was given out again is taken over',
    async () => {
      const lock = await disk.lock(path())
      const holder = JSON.parse((await disk.readFile(path())).toString())
      writeFileSync(path(), JSON.stringify({ ...holder, started: '1', ticket: 'earlier' }))
      const second = await disk.lock(path())
      await lock.release()
      expect((await disk.stat(path()))?.kind).toBe('file') // the release of the first did not free the second's
      await second.release()
    },
  )

  test('of a dead holder never goes to two, however many want it at once', async () => {
    await disk.makeFolder(`${folder}/data`)
    for (let round = 0; round < 40; round++) {
      writeFileSync(path(), `{"ticket": "dead ${round}`)
      const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => disk.lock(path())))
      const held = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []))
      expect(held).toHaveLength(1)
      expect(await disk.list(`${folder}/data`)).toEqual(['lock'])
      await held[0]!.release()
    }
  })

  test('that a crash of the machine left half written is taken over', async () => {
    await disk.makeFolder(`${folder}/data`)
    writeFileSync(path(), '{"pid": 1')
    await (await disk.lock(path())).release()
  })
})
