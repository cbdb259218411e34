import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createNodeEnvironment } from '../../node/environment/index.ts'
import { bringFile } from './bring-file.ts'
import { join, normalized } from './paths.ts'

const { disk } = createNodeEnvironment()
let root: string
let pipeline: string

beforeEach(() => {
  root = normalized(mkdtempSync(path.join(tmpdir(), 'millrace-bring-')))
  pipeline = join(root, 'pipeline')
  mkdirSync(pipeline)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function fileAt(place: string, text: string | Buffer): string {
  const at = join(root, place)
  mkdirSync(path.dirname(at), { recursive: true })
  writeFileSync(at, text)
  return at
}

describe('bringing a file into a pipeline', () => {
  it('copies all of it into data/, also when it is larger than a piece, and leaves the original', async () => {
    const bytes = Buffer.alloc(2_500_001, 'abcdefg')
    const from = fileAt('elsewhere/orders.csv', bytes)
    expect(await bringFile(disk, pipeline, from)).toBe('data/orders.csv')
    expect(readFileSync(join(pipeline, 'data/orders.csv')).equals(bytes)).toBe(true)
    expect(readFileSync(from).equals(bytes)).toBe(true)
    expect(readdirSync(join(pipeline, 'data'))).toEqual(['orders.csv'])
  })

  it('never writes over a file of the same name', async () => {
    fileAt('pipeline/data/orders.csv', 'mine')
    fileAt('pipeline/data/orders-2.csv', 'mine too')
    const from = fileAt('elsewhere/orders.csv', 'new')
    expect(await bringFile(disk, pipeline, from)).toBe('data/orders-3.csv')
    expect(readFileSync(join(pipeline, 'data/orders.csv'), 'utf8')).toBe('mine')
    expect(readFileSync(join(pipeline, 'data/orders-2.csv'), 'utf8')).toBe('mine too')
    expect(readFileSync(join(pipeline, 'data/orders-3.csv'), 'utf8')).toBe('new')
  })

  it('leaves a file that lies in the pipeline where it is', async () => {
    const from = fileAt('pipeline/input/orders.csv', 'mine')
    expect(await bringFile(disk, pipeline, from)).toBe('input/orders.csv')
    expect(readdirSync(pipeline)).toEqual(['input'])
  })

  it.each(['nowhere.csv', 'pipeline'])('refuses %s, which is no file, and makes nothing', async (place) => {
    await expect(bringFile(disk, pipeline, join(root, place))).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      where: join(root, place),
    })
    expect(readdirSync(pipeline)).toEqual([])
  })

  it('leaves no half of a file behind when the copy fails', async () => {
    const from = fileAt('elsewhere/orders.csv', Buffer.alloc(1_500_000, 'x'))
    const failing: typeof disk = Object.assign(Object.create(disk), {
      rename: () => Promise.reject(new Error('the disk is full')),
    })
    await expect(bringFile(failing, pipeline, from)).rejects.toThrow('the disk is full')
    expect(readdirSync(join(pipeline, 'data'))).toEqual([])
  })
})
