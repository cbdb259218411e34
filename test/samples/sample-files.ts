import { readFileSync } from 'node:fs'
import path from 'node:path'

export const samplesFolder = path.resolve(import.meta.dirname, '../../pipelines')

export function sampleText(sample: string, file: string): string {
  return readFileSync(path.join(samplesFolder, sample, file), 'utf8')
}

/** Cells of a CSV file by column; the samples' files have no line ends within quotes. */
export function csvRows(text: string): Record<string, string>[] {
  const [header, ...lines] = text.trim().split('\n').map(cells)
  return lines.map((line) => Object.fromEntries(header!.map((name, i) => [name, line[i] ?? ''])))
}

function cells(line: string): string[] {
  return [...line.trimEnd().matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  )
}
