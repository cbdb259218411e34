import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { servedApis } from '../../engine/broker/handlers/index.ts'
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { apiVersions } from '../../engine/protocol/apis/api-versions.ts'
import { BrokerTalk } from './broker-talk.ts'
import { EveryVersion } from './every-version.ts'

const keyMax = 120

describe('a broker of ours', () => {
  const environment = createNodeEnvironment({ logLevelMin: 'error' })
  let cluster: EmbeddedCluster
  let port = 0
  beforeAll(async () => {
    cluster = await EmbeddedCluster.start(() => environment, { brokers: 1 })
    port = Number(cluster.bootstrap[0]!.split(':')[1])
  })
  afterAll(() => cluster?.stop())

  it('answers every API that it serves in every version, without an error', async () => {
    const run = await EveryVersion.run(port)
    expect(run.complaints).toEqual([])
    const all = servedApis.flatMap(({ name, versions: [first, last] }) =>
      Array.from({ length: last - first + 1 }, (_, index) => `${name} v${first + index}`),
    )
    expect([...run.answered].sort()).toEqual(all.sort())
  })

  it('serves what ApiVersions says and nothing else: what else is asked ends the connection', async () => {
    const talk = new BrokerTalk(port)
    const said = (await talk.ask(apiVersions, 0, {}))!.body.apiKeys
    const byKey = new Map(said.map((one) => [one.apiKey, one]))
    expect(said.map((one) => one.apiKey).sort()).toEqual(servedApis.map((api) => api.key).sort())
    const answered: string[] = []
    for (let key = 0; key <= keyMax; key++) {
      const one = byKey.get(key)
      const version = one === undefined ? 0 : one.maxVersion + 1
      if (await talk.isAnswered(key, version)) answered.push(`${key} v${version}`)
    }
    talk.close()
    // An unknown version of ApiVersions is answered with those that there are (KIP-511).
    expect(answered).toEqual([`${apiVersions.key} v${apiVersions.versions[1] + 1}`])
  })
})
