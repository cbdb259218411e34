import { Code, RotateCw, TriangleAlert } from 'lucide-react'
import { fieldShown } from '../../engine/pipeline/config.ts'
import type { FieldSpec } from '../../engine/pipeline/definition.ts'
import type { ConfigValue, PipelineNode } from '../../engine/pipeline/document.ts'
import { problemKey } from '../panels/problems-tab.tsx'
import { Button, Select } from '../parts/controls.tsx'
import { definitionOf, fullConfig } from '../parts/kinds.ts'
import { useAnalysis } from '../stores/analysis.ts'
import { useChangedNodes } from '../stores/changed.ts'
import { setField, setOnError } from '../stores/edit-actions.ts'
import { codeFileOf, showFile, showProblem } from '../stores/reveal.ts'
import { Field, withoutName } from './field.tsx'
import { NowFigures } from './now-figures.tsx'

/** The form that the kind's definition declares, field by field. */
export function FormTab({ node }: { readonly node: PipelineNode }) {
  const definition = definitionOf(node.kind)
  const problems = useAnalysis((state) => state.problems)
  const changed = useChangedNodes()
  if (!definition) {
    return (
      <p className="notice error">
        <TriangleAlert size={15} aria-hidden />
        This Millrace has no kind “{node.kind}”. The node is kept as it is in the file, and the pipeline does
        not run with it.
      </p>
    )
  }
  const config = fullConfig(node)
  const own = problems.filter((problem) => problem.node === node.id)
  const shown = definition.fields.filter((field) => fieldShown(field, config))
  const code = codeFileOf(node.id)
  return (
    <div className="form">
      {own
        .filter((problem) => !problem.field)
        .map((problem) => (
          <button
            key={problemKey(problem)}
            type="button"
            className="notice error notice-button"
            onClick={() => showProblem(problem)}
          >
            <TriangleAlert size={15} aria-hidden />
            <span>
              {withoutName(problem.what, node.id)}
              {problem.file && <span className="faint"> · line {problem.file.line}</span>}
            </span>
          </button>
        ))}
      <div className="fields">
        {shown.map((field) => (
          <Field
            key={field.name}
            node={node.id}
            path={field.name}
            field={field}
            value={config[field.name]}
            problems={own}
            onChange={(value: ConfigValue | undefined) => setField(node.id, field.name, value)}
          />
        ))}
        {code && (
          <Button icon={Code} look="code-button" onClick={() => showFile(code)}>
            Edit the code
          </Button>
        )}
        <OnError node={node} half={endsOnHalf(shown)} />
      </div>
      {changed.size > 0 && changed.has(node.id) && (
        <p className="notice">
          <RotateCw size={15} aria-hidden />
          <span>
            <b className="strong">Changed since it ran.</b> Save and run again to take it over.
          </span>
        </p>
      )}
      <NowFigures node={node.id} />
    </div>
  )
}

const endsOnHalf = (fields: readonly FieldSpec[]) =>
  fields.reduce((open, field) => (field.half ? !open : false), false)

const choices = [
  { value: 'fail', label: 'Stop the run' },
  { value: 'skip', label: 'Skip the record' },
]

function OnError({ node, half }: { readonly node: PipelineNode; readonly half: boolean }) {
  const id = `${node.id}-on-error`
  return (
    <div className={`field ${half ? 'half' : ''}`}>
      <label htmlFor={id}>When it throws</label>
      <Select
        id={id}
        options={choices}
        value={node.onError ?? 'fail'}
        onChange={(event) => setOnError(node.id, event.target.value === 'skip' ? 'skip' : 'fail')}
      />
    </div>
  )
}
