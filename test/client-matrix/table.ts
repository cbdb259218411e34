/** The README's matrix of clients and what of each is tested, made of what the interop tests go by. */
import { kafkaVersion } from '../interop/apache-kafka.ts'
import { type Feature, features, featuresOf, kafkaTools } from '../interop/foreign/features.ts'
import { foreignClients } from '../interop/foreign/index.ts'

const start = '<!-- clients: written by `npm run generate:client-matrix` -->\n'
const end = '<!-- end of clients -->\n'

export function clientMatrix(): string {
  const names = Object.keys(features) as Feature[]
  const rows = foreignClients.map((client) => {
    const has = featuresOf(client)
    const cells = names.map((feature) => (has.has(feature) ? '✓' : '–'))
    return `| ${[client.name, client.version ?? "the system's", ...cells].join(' | ')} |\n`
  })
  const headings = ['client', 'version', ...Object.values(features)]
  const rule = `|---|---|${':-:|'.repeat(names.length)}`
  const tools = Object.keys(kafkaTools).map((name) => `\`${name}\``)
  return `| ${headings.join(' | ')} |
${rule}
${rows.join('')}
– is what the client does not have (kcat makes one transaction of all its input, and that is tested too; kafka-go gives out
aborted records). Kafka's own tools, ${kafkaVersion}: ${tools.join(', ')}. Kafka Streams, ${kafkaVersion}: a windowed
count with \`exactly_once_v2\`, killed and started again, every count exact.
`
}

/** @throws Error when the README has no place for it */
export function withClientMatrix(readme: string): string {
  const from = readme.indexOf(start)
  const to = readme.indexOf(end)
  if (from < 0 || to < from)
    throw new Error(`the README has no part between ${start.trim()} and ${end.trim()}`)
  return `${readme.slice(0, from + start.length)}\n${clientMatrix()}\n${readme.slice(to)}`
}
