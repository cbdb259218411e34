import ts from 'typescript'
import { pipelineFolder } from './flow-file.ts'
import { type Libraries, rootLibrary } from './libraries.ts'

export const flowPath = '/millrace/flow.ts'
const declarationsPath = '/millrace/index.d.ts'

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2024,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: [rootLibrary],
  types: [],
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
  verbatimModuleSyntax: false,
}

interface Versioned {
  text: string
  version: number
  snapshot: ts.IScriptSnapshot
}

/** The files of the checker's world, in memory. A file whose text is the same keeps its version, and is not parsed again. */
export class CheckerHost implements ts.LanguageServiceHost {
  readonly #libraries: Libraries
  readonly #files = new Map<string, Versioned>()
  #roots: readonly string[] = []
  #version = 0

  constructor(libraries: Libraries, declarations: string) {
    this.#libraries = libraries
    this.#set(declarationsPath, declarations)
  }

  /** @param files texts of the person's files, by path in the pipeline's folder */
  update(flowText: string, files: ReadonlyMap<string, string>): void {
    this.#version++
    this.#set(flowPath, flowText)
    const wanted = new Set([declarationsPath, flowPath])
    for (const [path, text] of files) {
      const name = `${pipelineFolder}/${path}`
      wanted.add(name)
      this.#set(name, text)
    }
    for (const name of this.#files.keys()) if (!wanted.has(name)) this.#files.delete(name)
    this.#roots = [...wanted]
  }

  #set(name: string, text: string): void {
    const known = this.#files.get(name)
    if (known?.text === text) return
    const snapshot = ts.ScriptSnapshot.fromString(text)
    this.#files.set(name, { text, version: (known?.version ?? 0) + 1, snapshot })
  }

  #text(name: string): string | undefined {
    return name.startsWith('/lib/') ? this.#libraries.get(name.slice(5)) : this.#files.get(name)?.text
  }

  getCompilationSettings(): ts.CompilerOptions {
    return options
  }

  getProjectVersion(): string {
    return String(this.#version)
  }

  getScriptFileNames(): string[] {
    return [...this.#roots]
  }

  getScriptVersion(name: string): string {
    return String(this.#files.get(name)?.version ?? 1)
  }

  getScriptSnapshot(name: string): ts.IScriptSnapshot | undefined {
    const known = this.#files.get(name)
    if (known) return known.snapshot
    const text = this.#text(name)
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
  }

  getCurrentDirectory(): string {
    return pipelineFolder
  }

  getDefaultLibFileName(): string {
    return `/lib/${rootLibrary}`
  }

  fileExists(name: string): boolean {
    return this.#text(name) !== undefined
  }

  readFile(name: string): string | undefined {
    return this.#text(name)
  }

  resolveModuleNameLiterals(
    literals: readonly ts.StringLiteralLike[],
    containing: string,
  ): readonly ts.ResolvedModuleWithFailedLookupLocations[] {
    return literals.map((literal) => {
      const resolvedFileName = this.#resolve(literal.text, containing)
      const resolvedModule = resolvedFileName
        ? { resolvedFileName, extension: extensionOf(resolvedFileName), isExternalLibraryImport: false }
        : undefined
      return { resolvedModule }
    })
  }

  #resolve(specifier: string, containing: string): string | undefined {
    if (specifier === 'millrace/flow') return flowPath
    if (!/^\.{0,2}\//.test(specifier)) return undefined
    const base = specifier.startsWith('/')
      ? specifier
      : join(containing.slice(0, containing.lastIndexOf('/')), specifier)
    const candidates = [base, `${base}.ts`, base.replace(/\.js$/, '.ts'), `${base}/index.ts`]
    return candidates.find((candidate) => this.#files.has(candidate))
  }
}

function extensionOf(name: string): ts.Extension {
  if (name.endsWith('.d.ts')) return ts.Extension.Dts
  return name.endsWith('.json') ? ts.Extension.Json : ts.Extension.Ts
}

function join(folder: string, relative: string): string {
  const parts = folder.split('/')
  for (const part of relative.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}
