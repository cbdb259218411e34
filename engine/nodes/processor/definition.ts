import {
  type ConfigProblem,
  clauses,
  code,
  countText,
  listOf,
  type NodeDefinition,
  streamInput,
  streamOutput,
  textOf,
} from '../../pipeline/index.ts'

export const definition: NodeDefinition = {
  kind: 'processor',
  category: 'transform',
  title: 'Processor',
  summary: 'TypeScript, with stores',
  order: 60,
  icon: 'braces',
  docs: `Runs a TypeScript file of your own. Its default export is a processor:

\`\`\`ts
import { processor } from 'millrace'
import type { Flow } from 'millrace/flow'

export default processor<Flow['NODE-ID'], { user: string; times: number }>((record, ctx) => {
  const seen = ctx.store<string, number>('seen')
  const times = (seen.get(record.key) ?? 0) + 1
  seen.put(record.key, times)
  ctx.forward({ value: { user: record.key, times } })
})
\`\`\`

\`Flow['NODE-ID']\` is the type of the values that flow into the node with that id; you may also write a type of your
own, and it is checked against what flows in. Stores are kept per partition, and restored after a crash.`,
  fields: [
    { type: 'code', name: 'file', label: 'File', required: true },
    {
      type: 'list',
      name: 'stores',
      label: 'Stores',
      addLabel: 'Add a store',
      item: [
        {
          type: 'text',
          name: 'name',
          label: 'Name',
          required: true,
          default: 'store',
          pattern: '[A-Za-z][A-Za-z0-9._-]*',
          help: 'letters, digits, ".", "_" and "-", a letter first',
        },
      ],
    },
  ],
  codeField: 'file',
  ports: () => ({ inputs: [streamInput()], outputs: [streamOutput()] }),
  sentence(config) {
    const stores = listOf(config, 'stores').length
    const file = textOf(config, 'file').split('/').at(-1) ?? ''
    return clauses(
      file === '' ? ['no file chosen'] : [code(file)],
      stores === 0 ? [] : [countText(stores, 'store')],
    )
  },
  check(config) {
    const problems: ConfigProblem[] = []
    const seen = new Set<string>()
    listOf(config, 'stores').forEach((store, index) => {
      const name = textOf(store, 'name')
      if (seen.has(name)) {
        const what = `two stores are called “${name}”`
        problems.push({
          field: `stores.${index}.name`,
          code: 'MR-128',
          what,
          remedy: 'give one of them another name',
        })
      }
      seen.add(name)
    })
    return problems
  },
  types: (config, scope) => ({ out: scope.module('file', textOf(config, 'file')).output }),
}
