import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { createBuilder, createStreams, type KafkaStreams, type Topology } from '../../engine/streams/index.ts'
import { createTopics, latest, produce, readAll, type Site, until } from './topics.ts'

const environment = createNodeEnvironment()
let cluster: EmbeddedCluster
let site: Site
const open: KafkaStreams[] = []
const failures: unknown[] = []

beforeAll(async () => {
  cluster = await EmbeddedCluster.start(() => environment)
  site = { environment, bootstrap: cluster.bootstrap }
})
afterEach(async () => {
  for (const streams of open.splice(0)) await streams.close()
  expect(failures.splice(0)).toEqual([])
})
afterAll(() => cluster?.stop())

let runs = 0
function names() {
  const app = `tables-${++runs}`
  return { app, left: `${app}-left`, right: `${app}-right`, output: `${app}-out` }
}

async function begin(topology: Topology, applicationId: string): Promise<KafkaStreams> {
  const streams = createStreams(environment, topology, { applicationId, bootstrap: site.bootstrap })
  streams.onStateChange((state, error) => {
    if (state === 'failed') failures.push(error?.error)
  })
  open.push(streams)
  await streams.start()
  return streams
}

/** The topic's last values by key are these, and stay so when everything has been read. */
async function settlesTo(output: string, wanted: ReadonlyMap<string, unknown>): Promise<void> {
  const text = (values: ReadonlyMap<string, unknown>) => JSON.stringify([...values].sort())
  let got = new Map<string, unknown>()
  const isThere = async () => {
    if (failures.length > 0) return true
    got = latest(await readAll(site, output))
    return text(got) === text(wanted)
  }
  await until('the output is there', isThere, 30_000).catch(() => expect(text(got)).toBe(text(wanted)))
}

const rows = <T>(count: number, row: (i: number) => T) => Array.from({ length: count }, (_, i) => row(i))
const keyText = (key: string) => JSON.stringify(key)

interface Employee {
  readonly team: string
  readonly pay: number
}

describe('tables over several partitions', () => {
  test('a foreign-key join finds rows across differently partitioned topics, and goes on after a restart', async () => {
    const { app, left, right, output } = names()
    await createTopics(site, { [left]: 4, [right]: 3, [output]: 2 })
    const builder = createBuilder()
    const teams = builder.table<string, string>(right, { name: 'teams' })
    builder
      .table<string, Employee>(left, { name: 'employees' })
      .joinForeignKey(
        teams,
        ({ team }) => team,
        ({ pay }, team) => `${team} ${pay}`,
        {
          name: 'with-team',
          type: 'left',
        },
      )
      .toStream({ name: 'updates' })
      .to(output, { name: 'out' })
    const topology = builder.build()
    const expected = (teamName: (team: string) => string | null, teamOf: (i: number) => string) =>
      new Map(rows(200, (i) => [keyText(`e${i}`), `${teamName(teamOf(i))} ${i}`] as const))

    await produce(
      site,
      left,
      rows(200, (i) => ({ key: `e${i}`, value: { team: `t${i % 7}`, pay: i } })),
    )
    await produce(
      site,
      right,
      rows(6, (i) => ({ key: `t${i}`, value: `team ${i}` })),
    )
    const first = await begin(topology, app)
    const named = (team: string) => (team === 't6' ? null : `team ${team.slice(1)}`)
    await settlesTo(
      output,
      expected(named, (i) => `t${i % 7}`),
    )
    await first.close()

    // Who refers to a team is known from the changelog alone.
    await begin(topology, app)
    await produce(
      site,
      right,
      rows(7, (i) => ({ key: `t${i}`, value: `new ${i}` })),
    )
    await settlesTo(
      output,
      expected(
        (team) => `new ${team.slice(1)}`,
        (i) => `t${i % 7}`,
      ),
    )
    await produce(
      site,
      left,
      rows(200, (i) => ({ key: `e${i}`, value: { team: `t${i % 3}`, pay: i } })),
    )
    await settlesTo(
      output,
      expected(
        (team) => `new ${team.slice(1)}`,
        (i) => `t${i % 3}`,
      ),
    )
  }, 90_000)

  test('an aggregate of a table takes out what moves to another group, in whatever partition that lies', async () => {
    const { app, left, output } = names()
    await createTopics(site, { [left]: 4, [output]: 1 })
    const builder = createBuilder()
    builder
      .table<string, Employee>(left, { name: 'employees' })
      .groupBy(({ team, pay }) => [team, pay], { name: 'by-team' })
      .reduce(
        (sum, pay) => sum + pay,
        (sum, pay) => sum - pay,
        { name: 'pay-per-team' },
      )
      .toStream({ name: 'updates' })
      .to(output, { name: 'out' })
    const topology = builder.build()
    const sums = (teams: number) => {
      const perTeam = new Map(rows(10, (i) => [keyText(`t${i}`), 0] as [string, number]))
      for (let i = 0; i < 300; i++) {
        const team = keyText(`t${i % teams}`)
        perTeam.set(team, perTeam.get(team)! + i)
      }
      return perTeam
    }
    const employees = (teams: number) =>
      rows(300, (i) => ({ key: `e${i}`, value: { team: `t${i % teams}`, pay: i } }))

    await produce(site, left, employees(10))
    const first = await begin(topology, app)
    await settlesTo(output, sums(10))
    await first.close()
    await produce(site, left, employees(4))
    await begin(topology, app)
    await settlesTo(output, sums(4))
  }, 90_000)

  test('every instance has all rows of a global table before its first record, and sees what changes', async () => {
    const { app, left, right, output } = names()
    await createTopics(site, { [left]: 4, [right]: 3, [output]: 1 })
    const builder = createBuilder()
    const cities = builder.globalTable<string, string>(right, { name: 'cities' })
    builder
      .stream<string, string>(left, { name: 'orders' })
      .joinGlobal(
        cities,
        ({ value }) => value,
        (_, city) => city,
        { name: 'with-city', type: 'left' },
      )
      .to(output, { name: 'out' })
    const topology = builder.build()
    await produce(
      site,
      right,
      rows(500, (i) => ({ key: `c${i}`, value: `city ${i}` })),
    )
    await produce(
      site,
      left,
      rows(500, (i) => ({ key: `o${i}`, value: `c${i}` })),
    )
    await Promise.all([begin(topology, app), begin(topology, app)])
    await settlesTo(output, new Map(rows(500, (i) => [keyText(`o${i}`), `city ${i}`])))

    await produce(site, right, [
      { key: 'c0', value: 'another' },
      { key: 'c1', value: null },
    ])
    const read = () => open.reduce((sum, streams) => sum + streams.metrics().steps.cities!.in, 0)
    await until('both have read the changes', () => read() === 2 * 502)
    await produce(
      site,
      left,
      rows(40, (i) => ({ key: `late${i}`, value: `c${i % 2}` })),
    )
    const late = rows(40, (i) => [keyText(`late${i}`), i % 2 === 0 ? 'another' : null] as const)
    const before = rows(500, (i) => [keyText(`o${i}`), `city ${i}`] as const)
    await settlesTo(output, new Map<string, unknown>([...before, ...late]))
  }, 90_000)

  test('tables of different partition counts are not joined by their keys', async () => {
    const { app, left, right, output } = names()
    await createTopics(site, { [left]: 2, [right]: 3, [output]: 1 })
    const builder = createBuilder()
    const other = builder.table(right, { name: 'right' })
    builder
      .table(left, { name: 'left' })
      .joinTable(other, (a, b) => [a, b], { name: 'both', type: 'outer' })
      .toStream({ name: 'updates' })
      .to(output, { name: 'out' })
    const streams = createStreams(environment, builder.build(), {
      applicationId: app,
      bootstrap: site.bootstrap,
    })
    await expect(streams.start()).rejects.toMatchObject({ code: 'CO_PARTITIONING', where: 'both' })
  })
})
