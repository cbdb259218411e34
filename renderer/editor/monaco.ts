/** Monaco, loaded when the first file is opened: TypeScript, the editor's own features, and two workers. */
import 'monaco-editor/features/register.all'
import { editor, Uri } from 'monaco-editor/editor'
import EditorWorker from 'monaco-editor/editor/editor.worker?worker'
import TypeScriptWorker from 'monaco-editor/language/typescript/ts.worker?worker'
import {
  ModuleKind,
  ModuleResolutionKind,
  ScriptTarget,
  typescriptDefaults,
} from 'monaco-editor/languages/features/typescript/register'
import 'monaco-editor/languages/definitions/typescript/register'
import { hexOf } from './css-colour.ts'

self.MonacoEnvironment = {
  getWorker: (_, label) => (label === 'typescript' ? new TypeScriptWorker() : new EditorWorker()),
}

typescriptDefaults.setCompilerOptions({
  target: ScriptTarget.ESNext,
  module: ModuleKind.ESNext,
  moduleResolution: ModuleResolutionKind.NodeJs,
  lib: ['es2024'],
  strict: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  allowNonTsExtensions: true,
})
typescriptDefaults.setEagerModelSync(true)

const folder = 'file:///pipeline'

export function modelFor(path: string, text: string) {
  const uri = Uri.parse(`${folder}/${path}`)
  return editor.getModel(uri) ?? editor.createModel(text, path.endsWith('.json') ? 'json' : 'typescript', uri)
}

export const pathOfModel = (uri: Uri) => uri.path.slice('/pipeline/'.length)

/** Files of a pipeline that was closed must not be seen by the next. */
export function dropModels(): void {
  for (const model of editor.getModels()) if (model.uri.path.startsWith('/pipeline/')) model.dispose()
}

let declared: { readonly text: string; readonly dispose: () => void } | undefined

/** The module `millrace` as the open processor sees it, with the types that flow in and out. */
export function declareModule(text: string): void {
  if (declared?.text === text) return
  declared?.dispose()
  const lib = typescriptDefaults.addExtraLib(text, `${folder}/millrace.d.ts`)
  declared = { text, dispose: () => lib.dispose() }
}

export function applyTheme(dark: boolean): void {
  const colour = (name: string) => hexOf(`var(--${name})`)
  editor.defineTheme('millrace', {
    base: dark ? 'vs-dark' : 'vs',
    inherit: true,
    rules: [
      { token: '', foreground: colour('text').slice(1, 7) },
      { token: 'comment', foreground: colour('text3').slice(1, 7) },
      { token: 'string', foreground: colour('json-string').slice(1, 7) },
      { token: 'number', foreground: colour('json-number').slice(1, 7) },
      { token: 'keyword', foreground: colour('json-word').slice(1, 7) },
      { token: 'type', foreground: colour('text').slice(1, 7) },
      { token: 'delimiter', foreground: colour('text2').slice(1, 7) },
    ],
    colors: {
      'editor.background': colour('canvas'),
      'editor.foreground': colour('text'),
      'editorLineNumber.foreground': colour('text3'),
      'editorLineNumber.activeForeground': colour('text2'),
      'editor.lineHighlightBackground': colour('chrome'),
      'editor.lineHighlightBorder': '#00000000',
      'editorWidget.background': colour('panel'),
      'editorWidget.border': colour('line2'),
      'editorHoverWidget.background': colour('panel'),
      'editorSuggestWidget.background': colour('panel'),
      'editorSuggestWidget.selectedBackground': colour('hover'),
      'editorIndentGuide.background1': colour('line'),
      'editorBracketHighlight.foreground1': colour('text2'),
      'editorBracketHighlight.foreground2': colour('text2'),
      'editorBracketHighlight.foreground3': colour('text2'),
      'editorError.foreground': colour('red'),
      'editorWarning.foreground': colour('amber'),
      'scrollbar.shadow': '#00000000',
      focusBorder: '#00000000',
    },
  })
  editor.setTheme('millrace')
}

export { editor }
