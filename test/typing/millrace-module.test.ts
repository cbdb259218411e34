import { readFileSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'
import { millraceDeclarations } from '../../engine/typing/index.ts'

const engine = path.resolve(import.meta.dirname, '../../engine')

/** A program that assigns each of the declared things to the real one, and the other way round. */
const both = `import type * as real from './streams/index.ts'
import { processor as realProcessor } from './streams/processor.ts'
import type * as declared from 'millrace'
import { processor as declaredProcessor } from 'millrace'

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
const record: Same<real.StreamRecord<string, number>, declared.StreamRecord<string, number>> = true
const windowed: Same<real.Windowed<string>, declared.Windowed<string>> = true
const store: Same<real.KeyValueStore<string, number>, declared.KeyValueStore<string, number>> = true
const context: Same<real.ProcessorContext<string, number>, declared.ProcessorContext<string, number>> = true
const supplier: Same<real.ProcessorSupplier<number, string>, declared.ProcessorSupplier<number, string>> = true
const processors: Same<typeof realProcessor, typeof declaredProcessor> = true
`

it('what processors are told about millrace is what the runtime gives them', { timeout: 60_000 }, () => {
  const entry = path.join(engine, 'both.ts')
  const declarations = path.join(engine, 'declared.d.ts')
  const texts = new Map([
    [entry, both],
    [declarations, millraceDeclarations],
  ])
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2024,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2024.d.ts'],
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, getSourceFile } = host
  host.fileExists = (name) => texts.has(name) || fileExists(name)
  host.readFile = (name) => texts.get(name) ?? readFileSync(name, 'utf8')
  host.getSourceFile = (name, version, ...rest) => {
    const text = texts.get(name)
    return text === undefined
      ? getSourceFile(name, version, ...rest)
      : ts.createSourceFile(name, text, version)
  }
  const program = ts.createProgram([entry, declarations], options, host)
  const source = program.getSourceFile(entry)
  const messages = ts
    .sortAndDeduplicateDiagnostics([
      ...program.getSemanticDiagnostics(source),
      ...program.getSyntacticDiagnostics(source),
    ])
    .map((diagnostic) => ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'))
  expect(messages).toEqual([])
  expect(source?.text).toBe(both)
})
