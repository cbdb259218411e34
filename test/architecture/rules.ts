/** Who may import whom, and what may not be touched where: data. The tests beside this file apply it without exceptions. */

/** Folders of the checkout, the most specific that matches a file counts. */
export interface Layer {
  /** A path prefix, or a pattern with `*` for one path segment. */
  readonly folder: string
  /** Other folders it may import; itself is always allowed. `engine/*` style patterns are allowed too. */
  readonly mayImport: readonly string[]
  /** Packages from node_modules; `node:*` for Node's own. */
  readonly packages?: readonly string[]
}

const base = 'engine/base'
const environment = 'engine/environment'
const protocol = 'engine/protocol'
const metrics = 'engine/metrics'
const log = 'engine/log'
const broker = 'engine/broker'
const cluster = 'engine/cluster'
const client = 'engine/client'
const streams = 'engine/streams'
const formats = 'engine/formats'
const pipeline = 'engine/pipeline'
const nodes = 'engine/nodes'
const typing = 'engine/typing'
const compile = 'engine/compile'
const runner = 'engine/runner'
const exporting = 'engine/export'
const sim = 'engine/sim'
const verify = 'engine/verify'
const host = 'engine/host'
const node = 'engine/node'
const definitions = ['engine/nodes/*/definition.ts', 'engine/nodes/definitions.ts']
/** The window's half of the host contract. */
const contract = [
  'engine/host/contract',
  ...['contract', 'rpc', 'wire', 'channel', 'port-channel', 'socket-channel', 'node-version'].map(
    (name) => `engine/host/${name}.ts`,
  ),
]

const belowHost = [
  base,
  environment,
  protocol,
  metrics,
  log,
  broker,
  cluster,
  client,
  streams,
  formats,
  pipeline,
  nodes,
  typing,
  compile,
  runner,
  exporting,
  sim,
  verify,
]

export const layers: readonly Layer[] = [
  { folder: base, mayImport: [] },
  { folder: environment, mayImport: [base] },
  { folder: protocol, mayImport: [base, environment] },
  { folder: metrics, mayImport: [] },
  { folder: log, mayImport: [base, environment, protocol] },
  { folder: broker, mayImport: [base, environment, protocol, metrics, log] },
  { folder: cluster, mayImport: [broker, base, environment, protocol, metrics, log] },
  { folder: client, mayImport: [base, environment, protocol, metrics] },
  { folder: streams, mayImport: [base, environment, protocol, metrics, client, formats] },
  { folder: formats, mayImport: [base, environment] },
  { folder: pipeline, mayImport: [base] },
  { folder: 'engine/nodes/*/definition.ts', mayImport: [base, pipeline] },
  { folder: 'engine/nodes/definitions.ts', mayImport: [base, pipeline, ...definitions] },
  { folder: nodes, mayImport: [base, pipeline, environment, formats, client, streams] },
  { folder: typing, mayImport: [base, environment, pipeline, ...definitions], packages: ['typescript'] },
  { folder: compile, mayImport: [base, pipeline, nodes, streams] },
  { folder: runner, mayImport: [compile, base, pipeline, nodes, streams, environment, metrics, client] },
  { folder: exporting, mayImport: [base, environment, pipeline, nodes, typing, compile] },
  { folder: sim, mayImport: [base, environment] },
  {
    folder: verify,
    mayImport: [base, environment, protocol, metrics, log, broker, cluster, client, streams, runner, sim],
  },
  ...contract.map((folder) => ({ folder, mayImport: [base, pipeline, ...contract], packages: ['zod'] })),
  { folder: host, mayImport: belowHost, packages: ['zod'] },
  {
    folder: node,
    mayImport: [...belowHost, host],
    packages: ['node:*', '@node-rs/crc32', 'esbuild', 'lmdb', 'lz4-napi', 'snappy', 'typescript', 'ws'],
  },
  {
    folder: 'renderer',
    mayImport: [base, pipeline, ...definitions, ...contract],
    packages: [
      '@dagrejs/dagre',
      '@fontsource-variable/inter',
      '@fontsource-variable/jetbrains-mono',
      '@tanstack/react-virtual',
      '@vitejs/plugin-react',
      '@xyflow/react',
      'cmdk',
      'lucide-react',
      'monaco-editor',
      'radix-ui',
      'react',
      'react-dom',
      'virtual:node-icons',
      'zod',
      'vite',
      'zustand',
    ],
  },
  { folder: 'electron', mayImport: [host, node], packages: ['node:*', 'electron'] },
]

/** Folders where nothing ambient may be touched: all of the engine but the environment's real side. */
export const noAmbient = { inside: ['engine'], except: ['engine/node'] }

/** Files that run in a browser too: no `Buffer`. */
export const noBuffer = [base, pipeline, ...definitions, ...contract]

/** What counts as ambient, and what to use instead. `new Date` counts without arguments only. */
export const ambient: Readonly<Record<string, string>> = {
  'Date.now': 'environment.clock.nowMs()',
  'new Date': 'new Date(environment.clock.nowMs())',
  performance: 'environment.clock.monotonicMs()',
  'Math.random': 'environment.random.float()',
  crypto: 'environment.random.uuid() or .bytes()',
  setTimeout: 'environment.timers.after()',
  setInterval: 'environment.timers.after(), set again',
  setImmediate: 'environment.timers.soon()',
  queueMicrotask: 'environment.timers.soon()',
  process: 'a value passed in by engine/node',
  fetch: 'environment.network',
  console: 'environment.log',
  globalThis: 'a value passed in by engine/node',
}
