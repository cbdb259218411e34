/** What a shell tells its host; a plain object, since it crosses to another process. */
export interface HostOptions {
  readonly shell: 'electron' | 'browser'
  readonly version: string
  readonly platform: string
  /** Everything that the studio keeps; in use by one studio at a time. */
  readonly dataFolder: string
  /** The checkout's `pipelines/`; absent in a packaged studio without samples. */
  readonly samplesFolder?: string
  readonly homeFolder: string
  /** The pipeline named on the command line. */
  readonly openPath?: string
  /** The runtime as a tarball, for exported projects. */
  readonly packagePath?: string
  /** Where the package `typescript` has its declarations: for the types of exported code. */
  readonly libraryFolder?: string
}
