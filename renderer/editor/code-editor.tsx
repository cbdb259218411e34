import { useEffect, useRef } from 'react'
import { useAnalysis } from '../stores/analysis.ts'
import { openPipeline, setFileText, useDocument } from '../stores/document-store.ts'
import { useReveal } from '../stores/reveal.ts'
import { useDark } from '../stores/theme.ts'
import { applyTheme, declareModule, dropModels, editor, modelFor, pathOfModel } from './monaco.ts'

/** Monaco over one file. Its text is unsaved state like the document's; undo inside it is the editor's own. */
export default function CodeEditor({ path }: { readonly path: string }) {
  const box = useRef<HTMLDivElement>(null)
  const instance = useRef<ReturnType<typeof editor.create>>(undefined)
  const pipelinePath = useDocument((state) => state.pipeline?.path)
  const dark = useDark()
  const position = useReveal((state) => state.position)
  const editors = useAnalysis((state) => state.editors)
  const declarations = Object.values(editors).find((entry) => entry.path === path)?.declarations

  useEffect(() => {
    if (!box.current) return
    const made = editor.create(box.current, {
      model: null,
      theme: 'millrace',
      automaticLayout: true,
      fontFamily: '"JetBrains Mono Variable", monospace',
      fontSize: 12.5,
      lineHeight: 20,
      minimap: { enabled: false },
      scrollBeyondLastLine: false,
      renderLineHighlight: 'line',
      overviewRulerLanes: 0,
      tabSize: 2,
      bracketPairColorization: { enabled: false },
      padding: { top: 8, bottom: 8 },
      lineNumbersMinChars: 4,
      fixedOverflowWidgets: true,
      ariaLabel: 'Code',
      scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10 },
    })
    instance.current = made
    const typed = made.onDidChangeModelContent(() => {
      const model = made.getModel()
      if (model) setFileText(pathOfModel(model.uri), model.getValue())
    })
    return () => {
      typed.dispose()
      made.dispose()
      instance.current = undefined
    }
  }, [])

  useEffect(() => {
    if (pipelinePath) return dropModels
  }, [pipelinePath])

  useEffect(() => applyTheme(dark), [dark])

  useEffect(() => {
    if (declarations !== undefined) declareModule(declarations)
  }, [declarations])

  // Every file has a model, so that one can import the other; texts from elsewhere (opened anew, a draft) go in.
  useEffect(() => {
    const sync = () => {
      for (const file of openPipeline()?.files ?? []) {
        const model = modelFor(file.path, file.text)
        if (model.getValue() !== file.text) model.setValue(file.text)
      }
    }
    sync()
    return useDocument.subscribe((state, before) => {
      if (state.pipeline?.files !== before.pipeline?.files) sync()
    })
  }, [])

  useEffect(() => {
    const file = openPipeline()?.files.find((other) => other.path === path)
    if (file && pipelinePath) instance.current?.setModel(modelFor(file.path, file.text))
  }, [path, pipelinePath])

  useEffect(() => {
    if (!position) return
    instance.current?.setPosition({ lineNumber: position.line, column: position.column })
    instance.current?.revealLineInCenterIfOutsideViewport(position.line)
    instance.current?.focus()
  }, [position])

  return <div ref={box} className="code-editor nokey" data-path={path} />
}
