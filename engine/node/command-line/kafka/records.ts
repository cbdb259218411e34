import { parseOptions, usage, wholeNumber } from '../arguments.ts'
import type { Command } from '../command.ts'
import { actionOf, clusterHelp, clusterOptions, connected, oneOf, partitionsOf } from './connection.ts'
import { parsePosition, positionHelp } from './positions.ts'
import { produceRecords } from './produce-records.ts'
import { readRecords } from './read-records.ts'

const actions = ['read', 'produce'] as const
const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
const acknowledgements = { '0': 0, '1': 1, all: 'all' } as const

export const records: Command = {
  help: `millrace records read TOPIC [--partition N]… [--from POSITION] [--limit N] [--filter EXPR] [--follow]
millrace records produce TOPIC [--partition N] [--input text|json] [--key-separator S] [--header key=value]…

Records of any Kafka cluster.

${clusterHelp}

read, up to the end as it is when the command starts:
  --partition N       one partition, or several such as 0,2; default all
  --from POSITION     ${positionHelp}; default beginning
  --limit N           stop after so many records
  --filter EXPR       only records for which this JavaScript is true; it sees key, value, timestamp and headers;
                      whole numbers beyond 2^53 are BigInt
  --follow            go on with what comes; --from end does so, too
  --exact             in JSON, bytes as base64: produced again, nothing of them changes

In JSON, a value with numbers that JavaScript cannot hold stands as text, as it was written.

produce, a record a line of standard input:
  --partition N       default by the key, as Kafka's clients choose
  --input text|json   the value's text; or objects as \`read --json\` prints them; default text
  --key-separator S   the key stands before this text
  --header key=value  on every record
  --acks 0|1|all      default all
  --compression NAME  ${compressions.join(', ')}; default none`,
  async run(args, output) {
    const { values, positionals } = parseOptions(
      'records',
      args,
      {
        ...clusterOptions,
        partition: { type: 'string', multiple: true },
        from: { type: 'string' },
        limit: { type: 'string' },
        filter: { type: 'string' },
        follow: { type: 'boolean' },
        exact: { type: 'boolean' },
        input: { type: 'string' },
        'key-separator': { type: 'string' },
        header: { type: 'string', multiple: true },
        acks: { type: 'string' },
        compression: { type: 'string' },
      },
      Number.POSITIVE_INFINITY,
    )
    const { action, names } = actionOf('records', actions, positionals)
    const topic = oneOf('records', 'the topic', names)
    const partitions = partitionsOf('records', values.partition)
    const limit = wholeNumber(
      'records',
      'limit',
      values.limit,
      Number.MAX_SAFE_INTEGER,
      1,
      Number.MAX_SAFE_INTEGER,
    )
    const input = oneOfThese('input', values.input ?? 'text', ['text', 'json'])
    const compression = oneOfThese('compression', values.compression ?? 'none', compressions)
    const acks = acknowledgements[oneOfThese('acks', values.acks ?? 'all', ['0', '1', 'all'])]
    const headers = (values.header ?? []).map(parseHeader)
    if (action === 'produce' && (partitions?.length ?? 0) > 1) {
      throw usage('records', 'produce takes one --partition')
    }
    await connected('records', values, output, async (kafka) => {
      if (action === 'produce') {
        const separator = values['key-separator']
        const request = { topic, partition: partitions?.[0], input, separator, headers, acks, compression }
        return produceRecords(kafka, request, output)
      }
      const from = parsePosition('records', 'from', values.from ?? 'beginning', kafka.environment.clock)
      await readRecords(
        kafka,
        {
          topic,
          partitions,
          from,
          limit,
          filter: values.filter,
          follow: values.follow === true || from.at === 'end',
          exact: values.exact === true,
        },
        output,
      )
    })
  },
}

function oneOfThese<const Choice extends string>(
  option: string,
  given: string,
  choices: readonly Choice[],
): Choice {
  const choice = choices.find((one) => one === given)
  if (choice !== undefined) return choice
  throw usage('records', `--${option} is one of ${choices.join(', ')}, not "${given}"`)
}

function parseHeader(text: string): { key: string; value: Uint8Array } {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (key === undefined || value === undefined)
    throw usage('records', `--header takes key=value, not "${text}"`)
  return { key, value: Buffer.from(value) }
}
