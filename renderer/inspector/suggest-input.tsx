import { FolderOpen } from 'lucide-react'
import type { ComponentProps } from 'react'
import type { FieldSpec } from '../../engine/pipeline/definition.ts'
import { IconButton } from '../parts/controls.tsx'
import { useCluster } from '../stores/cluster.ts'
import { useDocument } from '../stores/document-store.ts'
import { openDialog } from '../stores/studio.ts'

type Props = Omit<ComponentProps<'input'>, 'value' | 'onChange'> & {
  readonly field: Extract<FieldSpec, { type: 'topic' | 'file' | 'code' }>
  readonly value: string
  readonly onChange: (value: string) => void
}

/** A name with those that exist already offered. */
export function SuggestInput({ field, value, onChange, ...rest }: Props) {
  const list = `${rest.id}-list`
  const topics = useCluster((state) => state.cluster?.topics)
  const pipeline = useDocument((state) => state.pipeline)
  const options =
    field.type === 'topic'
      ? (topics ?? []).filter((topic) => !topic.internal).map((topic) => topic.name)
      : field.type === 'code'
        ? (pipeline?.files ?? []).map((file) => file.path)
        : (pipeline?.assets ?? []).filter((path) => fits(path, field.extensions))
  return (
    <span className="with-button">
      <input
        {...rest}
        className="input mono"
        list={list}
        value={value}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => onChange(event.target.value)}
      />
      <datalist id={list}>
        {options.map((option) => (
          <option key={option} value={option} />
        ))}
      </datalist>
      {field.type === 'file' && field.extensions && (
        <IconButton
          icon={FolderOpen}
          label="Browse"
          onClick={() =>
            openDialog({ kind: 'bring-file', extensions: field.extensions ?? [], chosen: onChange })
          }
        />
      )}
    </span>
  )
}

const fits = (path: string, extensions: readonly string[] | undefined) =>
  !extensions ||
  extensions.some((extension) => path.endsWith(extension.startsWith('.') ? extension : `.${extension}`))
