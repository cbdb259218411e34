import type { Environment } from '../../environment/index.ts'
import { formatCsvLine, inferCsvColumns } from '../../formats/index.ts'
import { plainPath } from '../../pipeline/index.ts'
import type { ExternalSink, StreamRecord } from '../../streams/api.ts'
import type { NodeRuntime, SinkContext } from '../runtime.ts'
import { OutputFile, removeOutput } from './output-file.ts'

interface Settings {
  readonly file: string
  readonly csv: boolean
  readonly wholeRecord: boolean
  readonly columns: readonly string[]
}

function settingsOf(config: Readonly<Record<string, unknown>>): Settings {
  const columns = typeof config.columns === 'string' ? config.columns : ''
  return {
    file: String(config.file),
    csv: config.format === 'csv',
    wholeRecord: config.content === 'record',
    columns: columns
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  }
}

function pathOf(folder: string, { file }: Settings): string {
  const path = plainPath(file)
  return path === '' ? folder : `${folder}/${path}`
}

class FileSink implements ExternalSink {
  readonly #environment: Environment
  readonly #folder: string
  readonly #settings: Settings
  #file: OutputFile | undefined
  #columns: readonly string[]

  constructor({ environment, config, folder }: SinkContext) {
    this.#environment = environment
    this.#folder = folder
    this.#settings = settingsOf(config)
    this.#columns = this.#settings.columns
  }

  async open(): Promise<void> {
    const file = await OutputFile.open(this.#environment.disk, pathOf(this.#folder, this.#settings))
    this.#file = file
    if (this.#settings.csv && !file.isEmpty) this.#columns = await readHeader(file)
  }

  async deliver(records: readonly StreamRecord[]): Promise<void> {
    if (!this.#file || records.length === 0) return
    await this.#file.append(
      this.#settings.csv ? this.#csv(records, this.#file.isEmpty) : this.#ndjson(records),
    )
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  #line(record: StreamRecord): unknown {
    if (!this.#settings.wholeRecord) return record.value
    return { key: record.key, timestamp: new Date(record.timestampMs).toISOString(), value: record.value }
  }

  #ndjson(records: readonly StreamRecord[]): string {
    return records.map((record) => `${JSON.stringify(this.#line(record))}\n`).join('')
  }

  #csv(records: readonly StreamRecord[], header: boolean): string {
    let text = ''
    if (this.#columns.length === 0) this.#columns = columnsOf(this.#line(records[0]!))
    if (header) text += `${formatCsvLine(this.#columns)}\n`
    for (const record of records) {
      const line = this.#line(record)
      text += `${formatCsvLine(this.#columns.map((column) => cellOf(line, column)))}\n`
    }
    return text
  }
}

const headerBytesMax = 64 * 1024

/** A file that is there already keeps its columns. */
async function readHeader(file: OutputFile): Promise<readonly string[]> {
  return inferCsvColumns(await file.start(headerBytesMax)).map(({ name }) => name)
}

function columnsOf(line: unknown): readonly string[] {
  return typeof line === 'object' && line !== null && !Array.isArray(line) ? Object.keys(line) : ['value']
}

/** A path into the value; a value that is no object has the one column `value`. */
function cellOf(line: unknown, path: string): unknown {
  let value = line
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return path === 'value' ? line : null
    value = Object.getOwnPropertyDescriptor(value, name)?.value
  }
  return value
}

export const runtime: NodeRuntime = {
  sink: (context) => () => new FileSink(context),
  reset: ({ environment, config, folder }) =>
    removeOutput(environment.disk, pathOf(folder, settingsOf(config))),
}
