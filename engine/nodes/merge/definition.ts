import { type NodeDefinition, streamInput, streamOutput } from '../../pipeline/index.ts'

export const definition: NodeDefinition = {
  kind: 'merge',
  category: 'transform',
  title: 'Merge',
  summary: 'Bring streams together',
  order: 45,
  icon: 'merge',
  docs: `Passes on the records of all its inputs. Within each input and partition the order stays; between inputs there
is none, but for the runtime's preference for the record with the earliest event time.`,
  fields: [],
  ports: () => ({ inputs: [streamInput('in', 'in', 64)], outputs: [streamOutput()] }),
  sentence: () => ['all inputs as one stream'],
}
