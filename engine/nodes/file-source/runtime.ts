import { MillraceError } from '../../base/errors.ts'
import type { DiskFile } from '../../environment/index.ts'
import {
  csvReader,
  type FilePosition,
  fileStart,
  inferCsvColumns,
  type LineReader,
  ndjsonReader,
  type ReadLine,
} from '../../formats/index.ts'
import { type NodeConfig, numberOf, textOf } from '../../pipeline/index.ts'
import { feedChanged } from '../feed-position.ts'
import type { FeedContext, NodeRuntime, Pace } from '../runtime.ts'

const chunkBytes = 64 * 1024
/** From so much of the beginning the types of a CSV file's columns are told. */
const sampleBytes = 1024 * 1024
const followMs = 250

type FileContext = Pick<FeedContext, 'environment' | 'config' | 'folder'>

const run = (context: FeedContext) => inFile(context, (file) => readAll(context, file))

async function inFile<T>(
  { config, folder, environment }: FileContext,
  work: (file: DiskFile) => Promise<T>,
): Promise<T> {
  const path = `${folder}/${textOf(config, 'file')}`
  const stat = await environment.disk.stat(path)
  if (stat?.kind !== 'file') throw missing(path)
  const file = await environment.disk.open(path, 'read')
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}

/** Files may grow: their beginning tells them apart, as far as it went when they were read first. */
const identifyingBytes = 1024

function identify(context: FileContext, known = ''): Promise<string> {
  const knownBytes = /^[0-9a-z]+-(\d+)$/.exec(known)?.[1]
  const bytes = Math.min(identifyingBytes, Number(knownBytes ?? identifyingBytes))
  return inFile(context, async (file) => {
    const start = await file.read(0, bytes)
    return `${context.environment.codecs.crc32c(start).toString(36)}-${start.byteLength}`
  })
}

async function readAll(context: FeedContext, file: DiskFile): Promise<void> {
  const { config, environment, signal } = context
  const follow = textOf(config, 'mode') === 'follow'
  const from = parsePosition(context.resume)
  if (!(await isBetweenLines(file, from))) {
    throw feedChanged('what lies in it where reading would go on is something else', file.path)
  }
  const reader = await readerFor(config, file, from)
  const emit = emitter(context)
  let position = from.byte
  while (!signal.aborted) {
    const chunk = await file.read(position, chunkBytes)
    position += chunk.byteLength
    for (const line of reader.push(chunk)) {
      await emit(line)
      if (signal.aborted) return
    }
    if (chunk.byteLength > 0) continue
    if (!follow) break
    await environment.timers.sleep(followMs, signal)
  }
  for (const line of signal.aborted ? [] : reader.end()) await emit(line)
}

const lineEnds = /^$|^[\r\n]/

/** The last line that was read may have had no end, and got one since. */
async function isBetweenLines(file: DiskFile, { byte }: FilePosition): Promise<boolean> {
  if (byte === 0) return true
  const around = (await file.read(byte - 1, 2)).toString('latin1')
  return around[0] === '\n' || (around !== '' && lineEnds.test(around.slice(1)))
}

function emitter(context: FeedContext): (line: ReadLine) => Promise<void> | undefined {
  const { config } = context
  const keyText = textOf(config, 'key')
  const keyOf = keyText === '' ? () => null : context.compileExpression(keyText, ['value', 'line'])
  const timeOf = timeSource(context)
  return (line) => {
    if (!line.ok) return bad(context, line.line, line.what, line.text)
    const { value, next } = line
    let key: unknown
    let timestampMs: number
    try {
      key = keyOf(value, line.line)
      timestampMs = timeOf(value, line.line)
    } catch (thrown) {
      const what = thrown instanceof Error ? thrown.message : String(thrown)
      return bad(context, line.line, `its key or time cannot be told: ${what}`, JSON.stringify(value))
    }
    if (!Number.isFinite(timestampMs))
      return bad(context, line.line, 'it has no event time', JSON.stringify(value))
    return context.produce({
      key,
      value,
      timestampMs,
      ordinal: line.line,
      resume: `${next.line}:${next.byte}`,
    })
  }
}

function bad(context: FeedContext, line: number, what: string, text: string): undefined {
  context.badLine({ line, what, text: text.slice(0, 200) })
}

function timeSource({
  config,
  environment,
  compileExpression,
}: FeedContext): (value: unknown, line: number) => number {
  const time = textOf(config, 'time')
  if (time === 'beginning') return () => 0
  if (time !== 'expression') return () => environment.clock.nowMs()
  const expression = compileExpression(textOf(config, 'timeExpression'), ['value', 'line'])
  return (value, line) => asTime(expression(value, line))
}

function asTime(result: unknown): number {
  if (typeof result === 'string') return Date.parse(result)
  if (result instanceof Date) return result.getTime()
  return typeof result === 'number' ? result : Number.NaN
}

async function readerFor(config: NodeConfig, file: DiskFile, from: FilePosition): Promise<LineReader> {
  const name = textOf(config, 'file')
  const chosen = textOf(config, 'format')
  const separated = /\.[ct]sv$/i.test(name)
  if (chosen === 'ndjson' || (chosen === 'auto' && !separated)) return ndjsonReader({ from })
  const delimiter = /\.tsv$/i.test(name) ? '\t' : ','
  const sample = await file.read(0, sampleBytes)
  return csvReader({ delimiter, from, columns: inferCsvColumns(sample, delimiter) })
}

function parsePosition(resume: string | undefined): FilePosition {
  const match = /^(\d+):(\d+)$/.exec(resume ?? '')
  return match ? { line: Number(match[1]), byte: Number(match[2]) } : fileStart
}

function pace(config: NodeConfig): Pace {
  const by = textOf(config, 'pace')
  if (by === 'rate') return { by, recordsPerSec: numberOf(config, 'rate', 1) }
  return by === 'event-time' ? { by, speed: numberOf(config, 'speed', 1) } : { by: 'nothing' }
}

function missing(path: string): MillraceError {
  return new MillraceError({
    code: 'FILE_NOT_FOUND',
    what: 'the source’s file is missing',
    where: path,
    remedy: 'put it there, or choose another at the node',
  })
}

export const runtime: NodeRuntime = { feed: { run, identify, pace } }
