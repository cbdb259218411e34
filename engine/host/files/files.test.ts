import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createNodeEnvironment } from '../../node/environment/index.ts'
import { emptyDocument, printDocument } from '../../pipeline/parse.ts'
import type { HostOptions } from '../options.ts'
import { Library } from './library.ts'
import { listFolder } from './listing.ts'
import { isWithin, join, normalized, withinFolder } from './paths.ts'
import { Pipelines } from './pipelines.ts'

const environment = createNodeEnvironment()
let folder: string
let library: Library
let pipelines: Pipelines
let changed: string[]
let assets: string[][]

beforeEach(async () => {
  folder = normalized(mkdtempSync(path.join(tmpdir(), 'millrace-files-')))
  const options: HostOptions = {
    shell: 'browser',
    version: '0',
    platform: 'linux',
    dataFolder: join(folder, 'data'),
    samplesFolder: join(folder, 'samples'),
    homeFolder: folder,
  }
  mkdirSync(options.dataFolder)
  changed = []
  assets = []
  library = await Library.open(environment, options)
  pipelines = new Pipelines(environment, library, join(folder, 'data/drafts'), {
    onSources: (path) => changed.push(path),
    onAssets: (_, now) => assets.push(now),
  })
})

afterEach(() => {
  pipelines.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A pipeline with a processor and a data file. */
function pipelineAt(place: string): string {
  const at = join(folder, place)
  mkdirSync(join(at, 'processors'), { recursive: true })
  writeFileSync(join(at, 'pipeline.json'), printDocument(emptyDocument('A Pipeline')))
  writeFileSync(join(at, 'processors/one.ts'), 'export {}\n')
  writeFileSync(join(at, 'data.csv'), 'a,b\n1,2\n')
  writeFileSync(join(at, 'README.md'), '# About\n')
  return at
}

describe('opening', () => {
  it('gives the document, its sources, what fields can name, and the readme', async () => {
    const opened = await pipelines.open(join(pipelineAt('elsewhere'), 'pipeline.json'))
    expect(opened).toMatchObject({
      path: join(folder, 'elsewhere'),
      document: { name: 'A Pipeline' },
      files: [{ path: 'processors/one.ts', text: 'export {}\n' }],
      assets: ['data.csv'],
      readme: '# About\n',
      trusted: false,
      sample: false,
      draft: undefined,
    })
  })

  it('trusts samples and pipelines made here, and others once a person says so, for good', async () => {
    expect((await pipelines.open(pipelineAt('samples/one'))).trusted).toBe(true)
    expect((await pipelines.open(await pipelines.create('Mine', undefined))).trusted).toBe(true)
    const elsewhere = pipelineAt('elsewhere')
    await library.trust(elsewhere)
    expect((await pipelines.open(elsewhere)).trusted).toBe(true)
    const again = await Library.open(environment, {
      shell: 'browser',
      version: '0',
      platform: 'linux',
      dataFolder: join(folder, 'data'),
      homeFolder: folder,
    })
    expect(again.isTrusted(elsewhere)).toBe(true)
  })

  it('says where there is no pipeline, and where one is broken', async () => {
    await expect(pipelines.open(folder)).rejects.toMatchObject({ code: 'NOT_A_PIPELINE', where: folder })
    const broken = pipelineAt('broken')
    writeFileSync(join(broken, 'pipeline.json'), '{\n  "version": 1,,\n}')
    await expect(pipelines.open(broken)).rejects.toMatchObject({
      code: 'PIPELINE_NOT_JSON',
      where: expect.stringContaining('pipeline.json:2'),
    })
  })

  it('lists what was opened lately, newest first, and what is gone as missing', async () => {
    await pipelines.open(pipelineAt('first'))
    await pipelines.open(pipelineAt('second'))
    rmSync(join(folder, 'first'), { recursive: true })
    const { recent } = await library.list()
    expect(recent.map(({ path, missing }) => [path, missing])).toEqual([
      [join(folder, 'second'), false],
      [join(folder, 'first'), true],
    ])
    await library.forget(join(folder, 'first'))
    expect((await library.list()).recent).toHaveLength(1)
  })
})

describe('saving', () => {
  const document = { ...emptyDocument('A Pipeline'), description: 'changed' }

  it('writes the document and its sources, and leaves nothing else behind', async () => {
    const at = pipelineAt('elsewhere')
    await pipelines.open(at)
    await pipelines.save(at, {
      document,
      files: [{ path: 'processors/two.ts', text: 'export const two = 2\n' }],
    })
    expect(readFileSync(join(at, 'pipeline.json'), 'utf8')).toBe(printDocument(document))
    expect(readdirSync(join(at, 'processors')).sort()).toEqual(['one.ts', 'two.ts'])
    expect(readdirSync(at).sort()).toEqual(['README.md', 'data.csv', 'pipeline.json', 'processors'])
  })

  it.each(['../outside.ts', '/etc/outside.ts', 'a/../../outside.ts', 'C:\\outside.ts', ''])(
    'never writes outside the folder: %s',
    async (name) => {
      const at = pipelineAt('elsewhere')
      const save = pipelines.save(at, { document, files: [{ path: name, text: 'x' }] })
      await expect(save).rejects.toMatchObject({ code: 'BAD_PATH' })
      expect(readdirSync(folder).sort()).toEqual(['data', 'elsewhere'])
    },
  )

  it.skipIf(process.platform === 'win32')(
    'never writes through a link that leads outside the folder',
    async () => {
      const at = pipelineAt('elsewhere')
      mkdirSync(join(folder, 'mine'))
      symlinkSync(join(folder, 'mine'), join(at, 'linked'))
      for (const name of ['linked/x.ts', 'linked/deeper/x.ts']) {
        const save = pipelines.save(at, { document, files: [{ path: name, text: 'x' }] })
        await expect(save).rejects.toMatchObject({ code: 'BAD_PATH' })
      }
      expect(readdirSync(join(folder, 'mine'))).toEqual([])
    },
  )

  it.skipIf(process.platform === 'win32')(
    'writes below a folder that is reached by a link itself',
    async () => {
      const at = pipelineAt('elsewhere')
      symlinkSync(at, join(folder, 'linked'))
      await pipelines.save(join(folder, 'linked'), {
        document,
        files: [{ path: 'processors/new/x.ts', text: 'x' }],
      })
      expect(readFileSync(join(at, 'processors/new/x.ts'), 'utf8')).toBe('x')
    },
  )

  it('as another copies its data files, so that the copy runs, and trusts it like the original', async () => {
    const sample = pipelineAt('samples/one')
    const to = await pipelines.saveAs(sample, join(folder, 'copy'), { document, files: [] })
    expect(readFileSync(join(to, 'data.csv'), 'utf8')).toBe('a,b\n1,2\n')
    expect(readFileSync(join(to, 'processors/one.ts'), 'utf8')).toBe('export {}\n')
    expect(library.isTrusted(to)).toBe(true)
    const again = pipelines.saveAs(sample, to, { document, files: [] })
    await expect(again).rejects.toMatchObject({ code: 'FILE_EXISTS', where: to })
  })

  it('keeps a draft until it is saved or dropped, and offers it only when it differs', async () => {
    const at = pipelineAt('elsewhere')
    const files = [{ path: 'processors/one.ts', text: 'export {}\n' }]
    await pipelines.saveDraft(at, { document, files })
    expect((await pipelines.open(at)).draft).toMatchObject({ document: { description: 'changed' } })
    await pipelines.save(at, { document, files })
    expect((await pipelines.open(at)).draft).toBeUndefined()
    await pipelines.saveDraft(at, { document, files })
    expect((await pipelines.open(at)).draft).toBeUndefined()
    await pipelines.dropDraft(at)
    expect(readdirSync(join(folder, 'data/drafts'))).toEqual([])
  })

  it('tells when somebody else changes a file, and never because of its own writing', async () => {
    const at = pipelineAt('elsewhere')
    await pipelines.open(at)
    const files = [{ path: 'processors/one.ts', text: 'export const one = 1\n' }]
    await pipelines.save(at, { document, files })
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(changed).toEqual([])
    writeFileSync(join(at, 'processors/one.ts'), 'export const one = 2\n')
    await expect.poll(() => changed).toEqual([at])
  })

  it('tells of data files that come and go, in new folders too, and never because of one it brought itself', async () => {
    const at = pipelineAt('elsewhere')
    await pipelines.open(at)
    writeFileSync(join(folder, 'brought.csv'), 'a\n')
    await pipelines.bringFile(at, join(folder, 'brought.csv'))
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(assets).toEqual([])
    mkdirSync(join(at, 'deep/er'), { recursive: true })
    await new Promise((resolve) => setTimeout(resolve, 400))
    writeFileSync(join(at, 'deep/er/orders.csv'), 'a\n')
    await expect.poll(() => assets).toEqual([['data/brought.csv', 'data.csv', 'deep/er/orders.csv']])
    rmSync(join(at, 'deep'), { recursive: true })
    await expect.poll(() => assets.at(-1)).toEqual(['data/brought.csv', 'data.csv'])
    expect(changed).toEqual([])
  })

  it('tells of changes in a folder that it made itself', async () => {
    const at = await pipelines.create('New', undefined)
    await pipelines.open(at)
    const files = [{ path: 'processors/one.ts', text: 'export {}\n' }]
    await pipelines.save(at, { document, files })
    await new Promise((resolve) => setTimeout(resolve, 400))
    writeFileSync(join(at, 'processors/one.ts'), 'export const one = 2\n')
    await expect.poll(() => changed).toEqual([at])
  })

  it('gives two new pipelines of one name folders of their own', async () => {
    const first = await pipelines.create('Café Müller', undefined)
    const second = await pipelines.create('Café Müller', undefined)
    expect([first, second].map((path) => path.slice(library.pipelinesFolder.length))).toEqual([
      '/cafe-muller',
      '/cafe-muller-2',
    ])
    expect((await pipelines.open(second)).document.id).toBe('cafe-muller-2')
  })
})

describe('listing folders', () => {
  it('shows pipelines first, then folders and files, without hidden ones', async () => {
    pipelineAt('b-pipeline')
    mkdirSync(join(folder, 'a-folder'))
    mkdirSync(join(folder, '.hidden'))
    const { entries, parent } = await listFolder(environment.disk, folder)
    expect(parent).toBe(normalized(tmpdir()))
    expect(entries.map(({ name, kind }) => [name, kind])).toEqual([
      ['b-pipeline', 'pipeline'],
      ['a-folder', 'folder'],
      ['data', 'folder'],
    ])
  })
})

describe('paths', () => {
  it('are the same however they are written', () => {
    expect(normalized('/a//b/./c/../d/')).toBe('/a/b/d')
    expect(normalized('C:\\a\\b')).toBe('C:/a/b')
    expect(isWithin('/a/bc', '/a/b')).toBe(false)
    expect(withinFolder('/a', 'b/c.ts')).toBe('/a/b/c.ts')
  })
})
