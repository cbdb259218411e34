import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { Command, millrace } from '../bad-input/command.ts'
import { writeTo } from '../cluster/cluster-world.ts'
import { parsePrometheus } from './prometheus-parser.ts'

let broker: Command | undefined
afterEach(async () => {
  broker?.process.kill('SIGTERM')
  await broker?.ended
  broker = undefined
})

it('millrace broker serves what Prometheus scrapes, on loopback', async () => {
  broker = new Command(['broker', '--port', '0', '--topic', 'orders:3', '--metrics-port', '0'])
  const [, bootstrap, url] = await broker.says(/ready (\S+)\nmetrics (\S+)\n/)
  await writeTo(bootstrap!.split(','), 'orders', ['a', 'b', 'c', 'd'])
  const answer = await fetch(url!)
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const scraped = parsePrometheus(await answer.text())
  expect(scraped.sum('kafka_server_brokertopicmetrics_messagesin_total', { topic: 'orders' })).toBe(4)
  expect(scraped.sum('kafka_server_replicamanager_underreplicatedpartitions')).toBe(0)
  expect(scraped.sum('kafka_server_replicamanager_leadercount')).toBe(3)
  expect(scraped.one('kafka_server_replicamanager_partitioncount', { broker: '3' })).toBe(3)
  expect(scraped.sum('kafka_server_brokertopicmetrics_bytesin_total', { topic: 'orders' })).toBeGreaterThan(
    80,
  )
  const p99 = { request: 'Produce', quantile: '0.99' }
  expect(scraped.sum('kafka_network_requestmetrics_totaltimems', p99)).toBeGreaterThan(0)

  expect((await fetch(new URL('/', url))).status).toBe(404)
  expect((await fetch(url!, { method: 'POST' })).status).toBe(405)
  expect(await statusUnderName(url!, 'somewhere.example')).toBe(403)
}, 60_000)

it('a port for metrics that is taken ends the command, and leaves nothing', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const { port } = taken.address() as AddressInfo
  const ended = await millrace(['broker', '--brokers', '1', '--port', '0', '--metrics-port', `${port}`])
  taken.close()
  expect(ended.err).toBe(
    `error PORT_IN_USE: the port is already in use, 127.0.0.1:${port}: ` +
      'stop the program that uses it, or choose another with --metrics-port\n',
  )
  expect(ended).toMatchObject({ status: 2, out: '', left: [] })
}, 60_000)

function statusUnderName(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
}
