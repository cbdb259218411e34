/**
 * Reading and writing `pipeline.json`. Fields that this version does not know are kept as they are and written back, so
 * that a file that another tool has annotated survives an edit here; a newer `version` is refused, since its fields may
 * mean something that must not be lost.
 */
import { MillraceError } from '../base/errors.ts'
import {
  documentVersion,
  type PipelineDocument,
  type PipelineEdge,
  type PipelineNode,
  type ProcessingGuarantee,
} from './document.ts'
import { findJsonFault } from './json-position.ts'
import { migrate } from './migrations.ts'
import type { Problem } from './problem.ts'
import { problem } from './problem-codes.ts'

export interface ParsedDocument {
  readonly document: PipelineDocument
  /** Things that can be shown and mended on the canvas: duplicate ids. */
  readonly problems: readonly Problem[]
  /** Set when an older file was brought to this version. */
  readonly migratedFrom?: number
}

type Json = Readonly<Record<string, unknown>>

/**
 * @throws MillraceError PIPELINE_NOT_JSON with line and column, PIPELINE_TOO_NEW, PIPELINE_MALFORMED with the path of
 * the value that is wrong
 */
export function parseDocument(text: string, path: string): ParsedDocument {
  const raw = parseJson(text, path)
  if (!isObject(raw)) throw malformed(path, 'the file', 'an object', raw)
  const version = raw.version
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    throw malformed(path, 'version', 'a whole number from 1', version)
  }
  if (version > documentVersion) {
    throw new MillraceError({
      code: 'PIPELINE_TOO_NEW',
      what: `the pipeline has version ${version}, this Millrace knows versions up to ${documentVersion}`,
      where: path,
      remedy: 'open it with a newer Millrace; the file has not been changed',
    })
  }
  const migrated = migrate(raw, version)
  const document = checkDocument(migrated.document, path)
  return {
    document,
    problems: duplicateIds(document),
    ...(migrated.steps.length > 0 ? { migratedFrom: version } : {}),
  }
}

/** The text of `pipeline.json`: two spaces, nodes and edges in their order, the known fields first. */
export function printDocument(document: PipelineDocument): string {
  const { version, id, name, description, processingGuarantee, nodes, edges, ...others } = document
  const ordered = {
    version,
    id,
    name,
    ...(description === undefined ? {} : { description }),
    ...(processingGuarantee === undefined ? {} : { processingGuarantee }),
    ...others,
    nodes: nodes.map(({ id, kind, name, position, config, note, bypass, onError, ...rest }) => ({
      id,
      kind,
      name,
      position,
      config,
      ...(note === undefined || note === '' ? {} : { note }),
      ...(bypass ? { bypass } : {}),
      ...(onError === undefined ? {} : { onError }),
      ...rest,
    })),
    edges: edges.map(({ id, from, to, ...rest }) => ({ id, from, to, ...rest })),
  }
  return `${JSON.stringify(ordered, null, 2)}\n`
}

/** A new pipeline; the id is made from the name. */
export function emptyDocument(name: string): PipelineDocument {
  return { version: documentVersion, id: toId(name, 'pipeline'), name, nodes: [], edges: [] }
}

/** Lower-case letters, digits and single dashes. */
export function toId(text: string, fallback: string): string {
  const id = text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60)
  return id === '' ? fallback : id
}

function parseJson(text: string, path: string): unknown {
  const fault = findJsonFault(text)
  if (fault) {
    throw new MillraceError({
      code: 'PIPELINE_NOT_JSON',
      what: `the pipeline is not JSON: ${fault.what}`,
      where: `${path}:${fault.line}:${fault.column}`,
      remedy: 'mend that place in a text editor, or restore the file from a backup',
      details: { line: fault.line, column: fault.column },
    })
  }
  return JSON.parse(text)
}

function checkDocument(raw: Json, path: string): PipelineDocument {
  const text = textField(raw, path, '')
  const id = text('id')
  // Folders and topics are named after it: "." and ".." are other folders, and topics have at most 249 characters.
  if (!/^(?!\.\.?$)[A-Za-z0-9._-]{1,120}$/.test(id)) {
    throw malformed(path, 'id', 'up to 120 letters, digits, ".", "_" or "-", and not "." or ".."', id)
  }
  const name = text('name')
  optionalText(raw, 'description', path, '')
  const { processingGuarantee } = raw
  if (processingGuarantee !== undefined && !isGuarantee(processingGuarantee)) {
    throw malformed(path, 'processingGuarantee', '"at_least_once" or "exactly_once_v2"', processingGuarantee)
  }
  const nodes = list(raw, 'nodes', path).map((value, index) => checkNode(value, path, `nodes.${index}`))
  const edges = list(raw, 'edges', path).map((value, index) => checkEdge(value, path, `edges.${index}`))
  return { ...raw, version: documentVersion, id, name, nodes, edges }
}

function isGuarantee(value: unknown): value is ProcessingGuarantee {
  return value === 'at_least_once' || value === 'exactly_once_v2'
}

function checkNode(raw: unknown, path: string, at: string): PipelineNode {
  if (!isObject(raw)) throw malformed(path, at, 'an object', raw)
  const text = textField(raw, path, at)
  const id = text('id')
  if (!/^[A-Za-z0-9-]{1,100}$/.test(id)) throw malformed(path, `${at}.id`, 'letters, digits or "-"', id)
  const kind = text('kind')
  const name = raw.name === undefined ? id : text('name')
  const { position, config } = raw
  if (!isObject(position) || !Number.isFinite(position.x) || !Number.isFinite(position.y)) {
    throw malformed(path, `${at}.position`, 'an object with numbers x and y', position)
  }
  if (config !== undefined && !isObject(config)) throw malformed(path, `${at}.config`, 'an object', config)
  optionalText(raw, 'note', path, at)
  if (raw.bypass !== undefined && typeof raw.bypass !== 'boolean') {
    throw malformed(path, `${at}.bypass`, 'true or false', raw.bypass)
  }
  if (raw.onError !== undefined && raw.onError !== 'fail' && raw.onError !== 'skip') {
    throw malformed(path, `${at}.onError`, '"fail" or "skip"', raw.onError)
  }
  return {
    ...raw,
    id,
    kind,
    name,
    position: { x: Number(position.x), y: Number(position.y) },
    config: (config ?? {}) as PipelineNode['config'],
  }
}

function checkEdge(raw: unknown, path: string, at: string): PipelineEdge {
  if (!isObject(raw)) throw malformed(path, at, 'an object', raw)
  const id = textField(raw, path, at)('id')
  return { ...raw, id, from: portRef(raw, 'from', path, at), to: portRef(raw, 'to', path, at) }
}

function portRef(raw: Json, name: 'from' | 'to', path: string, at: string): PipelineEdge['from'] {
  const value = raw[name]
  if (!isObject(value)) throw malformed(path, `${at}.${name}`, 'an object with node and port', value)
  const text = textField(value, path, `${at}.${name}`)
  return { node: text('node'), port: text('port') }
}

function duplicateIds(document: PipelineDocument): Problem[] {
  const problems: Problem[] = []
  const seen = new Set<string>()
  for (const { id, name } of document.nodes) {
    if (seen.has(id)) {
      problems.push(
        problem('MR-106', {
          what: `two nodes have the id "${id}"; the second is "${name}"`,
          remedy: 'give one of them another id in pipeline.json',
          node: id,
        }),
      )
    }
    seen.add(id)
  }
  const edges = new Set<string>()
  for (const { id } of document.edges) {
    if (edges.has(id)) {
      const remedy = 'delete one of them, or give it another id in pipeline.json'
      problems.push(problem('MR-107', { what: `two edges have the id "${id}"`, remedy, edge: id }))
    }
    edges.add(id)
  }
  return problems
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function list(raw: Json, name: string, path: string): readonly unknown[] {
  const value = raw[name]
  if (!Array.isArray(value)) throw malformed(path, name, 'a list', value)
  return value
}

function textField(raw: Json, path: string, at: string): (name: string) => string {
  return (name) => {
    const value = raw[name]
    if (typeof value !== 'string') throw malformed(path, at === '' ? name : `${at}.${name}`, 'a text', value)
    return value
  }
}

function optionalText(raw: Json, name: string, path: string, at: string): void {
  if (raw[name] !== undefined) textField(raw, path, at)(name)
}

function malformed(path: string, at: string, expected: string, got: unknown): MillraceError {
  const shown = got === undefined ? 'nothing' : (JSON.stringify(got) ?? String(got)).slice(0, 60)
  return new MillraceError({
    code: 'PIPELINE_MALFORMED',
    what: `${at} must be ${expected}, not ${shown}`,
    where: path,
    remedy: 'mend it in a text editor, or restore the file from a backup',
    details: { at },
  })
}

export { duplicateIds }
