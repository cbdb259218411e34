import {
  type ConfigProblem,
  flagOf,
  listOf,
  type NodeConfig,
  type NodeDefinition,
  streamInput,
  streamOutput,
  textOf,
} from '../../pipeline/index.ts'

export const definition: NodeDefinition = {
  kind: 'branch',
  category: 'transform',
  title: 'Branch',
  summary: 'Route by condition',
  order: 40,
  icon: 'route',
  docs: `Sends each record to the first branch whose condition holds. What matches none goes to *rest*, or ends here
when there is no rest.`,
  fields: [
    {
      type: 'list',
      name: 'branches',
      label: 'Branches',
      addLabel: 'Add a branch',
      min: 1,
      default: [{ name: 'matching', when: 'value !== null' }],
      item: [
        {
          type: 'text',
          name: 'name',
          label: 'Name',
          required: true,
          default: 'branch',
          pattern: '[A-Za-z][A-Za-z0-9-]*',
          help: 'letters, digits and dashes, a letter first',
          half: true,
        },
        { type: 'expression', name: 'when', label: 'When', required: true, default: 'true', half: true },
      ],
    },
    { type: 'boolean', name: 'rest', label: 'Keep the rest', default: true },
  ],
  ports: (config) => ({
    inputs: [streamInput()],
    outputs: [...new Set(branchNames(config))].map((name) => streamOutput(name)),
  }),
  sentence: (config) => [branchNames(config).join(' · ')],
  check(config) {
    const problems: ConfigProblem[] = []
    const seen = new Set(flagOf(config, 'rest') ? ['rest'] : [])
    listOf(config, 'branches').forEach((branch, index) => {
      const name = textOf(branch, 'name')
      if (seen.has(name)) {
        problems.push({
          field: `branches.${index}.name`,
          code: 'MR-123',
          what: `two branches are called “${name}”`,
          remedy: 'give one of them another name',
        })
      }
      seen.add(name)
    })
    return problems
  },
}

function branchNames(config: NodeConfig): string[] {
  const names = listOf(config, 'branches').map((branch) => textOf(branch, 'name'))
  return flagOf(config, 'rest') ? [...names, 'rest'] : names
}
