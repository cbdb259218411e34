import { describe, expect, it } from 'vitest'
import { errorLine, jsonLines, millrace, millraceEach } from './command.ts'

const commands = ['studio', 'broker', 'run', 'validate', 'export', 'topics', 'records', 'groups']

describe('the command line', () => {
  it('lists its commands, and explains each of them', async () => {
    const [list, ...helps] = await millraceEach([['--help'], ...commands.map((name) => [name, '--help'])])
    expect(list!.status).toBe(0)
    for (const [index, name] of commands.entries()) {
      expect(list!.out).toContain(`\n  ${name} `)
      expect(helps[index]!.status).toBe(0)
      expect(helps[index]!.out).toMatch(new RegExp(`^millrace ${name} `))
      expect(helps[index]!.err).toBe('')
    }
  }, 60_000)

  it.each([
    [['nonsense'], 'there is no command "nonsense"'],
    [['run'], 'the pipeline is missing'],
    [['run', '.', '--wat'], "Unknown option '--wat'"],
    [['run', '.', '--for', '10'], '"10" is not a duration, --for: write a number with a unit'],
    [['run', '.', '--bootstrap', 'somewhere'], '"somewhere" is not an address such as 127.0.0.1:9092'],
    [['broker', '--brokers', 'two'], '--brokers is a whole number from 1 to 99, not "two"'],
    [['broker', '--port', '0', '--set', 'no.such.key=1'], 'there is no broker setting "no.such.key"'],
    [['broker', '--topic', 'orders'], '--topic takes name:partitions[:replicas], not "orders"'],
    [['export', '.', '--target', 'cobol', '--out', 'x'], '--target is one of node'],
    [['studio', '/no/such/pipeline', '--no-open'], 'there is no pipeline.json here, /no/such/pipeline'],
  ])('refuses %j with one line and status 2', async (args, said) => {
    const { status, out, err } = await millrace(args)
    expect(err).toMatch(errorLine)
    expect(err).toContain(said)
    expect(out).toBe('')
    expect(status).toBe(2)
  })

  it('refuses topics that the cluster cannot have, in a line that names the topic, and leaves nothing', async () => {
    const ended = await millraceEach([
      ['broker', '--port', '0', '--topic', 'none:0'],
      ['broker', '--port', '0', '--topic', 'copies:1:9'],
      ['broker', '--port', '0', '--topic', 'a/b:1'],
    ])
    for (const { status, out, err, left } of ended) {
      expect(err).toMatch(errorLine)
      expect({ status, out, left }).toEqual({ status: 2, out: '', left: [] })
    }
    expect(ended.map(({ err }) => /topic (\S+):/.exec(err)?.[1])).toEqual(['none', 'copies', 'a/b'])
  }, 60_000)

  it('says in JSON nothing but JSON, one object a line', async () => {
    const { status, out } = await millrace(['validate', '--json', 'pipelines/flight-delays', '/no/such'])
    const lines = jsonLines(out)
    expect(lines.map(({ event }) => event)).toEqual(['validated', 'problem', 'validated'])
    expect(lines[1]).toMatchObject({ code: 'NOT_A_PIPELINE', severity: 'error' })
    expect(status).toBe(2)
  }, 60_000)
})
